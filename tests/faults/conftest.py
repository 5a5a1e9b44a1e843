from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest

from tests.conftest import IMPATIENT


@dataclass
class Kept:
    """A client that has an answer, which is too old to be given again, and whose next question walks."""

    client: Any
    before: pd.DataFrame
    make_client: Any

    def survives(self):
        """Open the cache anew and see that the old answer is there, whole."""
        again = self.make_client(self.client.base_url).get_milestones(offline=True)
        pd.testing.assert_frame_equal(again, self.before)
        return True


@pytest.fixture
def patience():
    return IMPATIENT


@pytest.fixture
def make_kept(make_client, clock):
    def make(server, **options):
        client = make_client(server.url, full_sweep_after=0, **options)
        before = client.get_milestones()
        clock.now += 3601
        server._log.clear()
        return Kept(client, before, make_client)

    return make


@pytest.fixture
def kept(make_kept, server):
    return make_kept(server)

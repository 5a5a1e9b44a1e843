"""Panels in tests keep their views and watchlists in folders of their own."""

from __future__ import annotations

import pytest

FOLDER = "MILESTONE_KIT_CACHE_DIR"


@pytest.fixture(autouse=True, scope="package")
def nobody_s_own(tmp_path_factory):
    """Keep what is kept out of the folder of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER, str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def kept_in(tmp_path, monkeypatch):
    """Return the cache folder of this test alone."""
    folder = tmp_path / "kept"
    monkeypatch.setenv(FOLDER, str(folder))
    return folder

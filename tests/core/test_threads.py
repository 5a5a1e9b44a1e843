from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from milestone_kit.core.threads import spread


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_what_is_made_of_items_stands_in_their_order(threads):
    assert spread(lambda n: n * n, range(20), threads=threads) == [n * n for n in range(20)]


@pytest.mark.parametrize("threads", [1, 3])
def test_after_an_error_no_other_item_is_begun(threads):
    begun, failed = [], threading.Event()

    def work(item):
        begun.append(item)
        if len(begun) == 1:
            failed.set()
            raise ValueError(item)
        failed.wait()
        return item

    with pytest.raises(ValueError, match="0"):
        spread(work, range(1000), threads=threads)
    assert len(begun) < 100


LAST_THREAD = """
import threading
from milestone_kit.core.threads import spread
def work():
    threading.main_thread().join()
    print(spread(str, range(4), threads=3))
threading.Thread(target=work).start()
"""


def test_threads_can_be_begun_when_the_main_one_is_over():
    done = subprocess.run(
        [sys.executable, "-c", LAST_THREAD], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split() == ["['0',", "'1',", "'2',", "'3']"], done.stderr

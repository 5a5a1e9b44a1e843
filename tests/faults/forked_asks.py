"""Asks of processes forked off one that has fetched; run as a script, it prints what went wrong."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

__all__ = ["ask_in_forks"]

AT_ONCE = 20


def ask_in_forks(url, folder, count):
    """Fetch, then ask that many different questions, each in a process of its own, some at a time.

    Returns
    -------
    list of str
        One text for each ask that gave a wrong answer or none.
    """
    import milestone_kit as mk

    wrong = []
    with mk.MilestoneClient(base_url=url, cache_dir=folder, requests_per_second=10_000) as client:
        df = client.get_milestones(limit=20)
        titles = dict(zip(df["id"], df["title"], strict=True))
        ids = list(titles)
        client.get_milestone(ids[0])
        over = threading.Event()
        beside = threading.Thread(target=keep_asking, args=(client, ids, over))
        beside.start()  # so that locks are held, and connections busy, in the moment of a fork
        try:
            for first in range(0, count, AT_ONCE):
                forks = [fork(client, ids, titles, n) for n in range(first, min(first + AT_ONCE, count))]
                wrong += [said for said in map(outcome, forks) if said]
        finally:
            over.set()
            beside.join()
        if client.get_milestone(ids[1], refresh=True)["title"] != titles[ids[1]]:
            wrong.append("the forked process itself")
    return wrong


def keep_asking(client, ids, over):
    number = 0
    while not over.is_set():
        number += 1
        client.get_milestone(ids[number % len(ids)], refresh=True)


def fork(client, ids, titles, number):
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader, number
    try:
        said = ask(client, ids, titles, number)
    except BaseException as error:  # noqa: BLE001 - it is told to the process that forked
        said = repr(error)
    os.write(writer, said.encode())
    os._exit(0)


def ask(client, ids, titles, number):
    id_ = ids[number % len(ids)]
    row = client.get_milestone(id_, refresh=number % 3 > 0)
    if (row["id"], row["title"]) != (id_, titles[id_]):
        return f"{id_} was asked for, {row['id']} came"
    if number % 10 == 0:
        df = client.refresh(limit=20)
        if dict(zip(df["id"], df["title"], strict=True)) != titles:
            return "another table came"
    return ""


def outcome(forked):
    pid, reader, number = forked
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    status = os.waitpid(pid, 0)[1]
    return f"ask {number}: {said or status}" if said or status else ""


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    address, where, how_many = sys.argv[1:]
    found = ask_in_forks(address, where, int(how_many))
    print(len(found), *found[:5], sep="\n")

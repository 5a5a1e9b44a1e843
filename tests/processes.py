"""Processes of their own for tests, in milliseconds: forked from one that has imported all there is."""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path

__all__ = ["Forker", "end_as_python_ends", "serve_forks"]

REPO = Path(__file__).resolve().parents[1]
PATIENCE = 120  # seconds that a forked program may take

_FORKER = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.processes import end_as_python_ends, serve_forks
work = serve_forks(int(sys.argv[2]))
end_as_python_ends(work)
"""


class Forker:
    """A process that has imported the whole package, and forks one of itself for each thing to be done.

    Parameters
    ----------
    **environment : str
        Variables under which its interpreter, and so that of each of its children, is started.
    """

    def __init__(self, **environment):
        self._channel, theirs = socket.socketpair()
        command = [sys.executable, "-c", _FORKER, str(REPO), str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, env=os.environ | environment, pass_fds=[theirs.fileno()]
            )
        self._lines = self._channel.makefile("r")
        self.said = {}
        self._hear("ready")

    def _hear(self, what):
        for line in self._lines:
            kind, *rest = json.loads(line)
            if kind == what:
                return rest
            assert kind == "said", line
            self.said[rest[0]] = rest[1]
        raise RuntimeError(f"the forker has ended before it was {what}")

    def _say(self, *message, files=()):
        numbers = [one if isinstance(one, int) else one.fileno() for one in files]
        socket.send_fds(self._channel, [json.dumps(message).encode() + b"\n"], numbers)

    def begin(self, job, *words):
        """Start a job of `tests.faults.jobs`; return its process id."""
        self._say("job", job, *map(str, words))
        return self._hear("began")[0]

    def end(self, pid):
        """Wait for a process; return 0, or minus the signal that ended it. A job's answer is in `said`."""
        self._say("wait", pid)
        return os.waitstatus_to_exitcode(self._hear("ended")[0])

    def run(self, arguments, *, cwd=None, env=None, stdout=None, text=True):
        """Run a Python program as `subprocess.run([sys.executable, *arguments], ...)` would.

        Parameters
        ----------
        arguments : list of str
            Begins with "-c" or "-m": an interpreter that runs already takes no other option.
        cwd, env : optional
            The folder and the environment, here and now unless given.
        stdout : file or int, optional
            Where its output goes; collected unless given, as its errors are.
        text : bool
            Whether what was collected is text.

        Returns
        -------
        subprocess.CompletedProcess
        """
        with tempfile.TemporaryFile() as collected, tempfile.TemporaryFile() as errors:
            place = {"cwd": str(cwd or Path.cwd()), "env": dict(os.environ if env is None else env)}
            self._say("run", list(map(str, arguments)), place, files=[stdout or collected, errors])
            code = self.end(self._hear("began")[0])
            read = [_content(one, text) for one in (collected, errors)]
        return subprocess.CompletedProcess(arguments, code, *read)

    def close(self):
        self._lines.close()
        self._channel.close()
        self._process.wait(timeout=30)


def _content(file, text):
    file.seek(0)
    read = file.read()
    return read.decode().replace("\r\n", "\n") if text else read


def serve_forks(number):
    """Fork at each demand that comes over a socket; return, in the forked process only, what it is to do."""
    channel = socket.socket(fileno=number)
    _import_all()
    from tests.faults.jobs import JOBS

    gc.collect()
    gc.freeze()  # nothing of it goes away: children need not look at it, which would copy it

    def say(*message):
        channel.sendall(json.dumps(message).encode() + b"\n")

    say("ready")
    while True:
        (what, *words), files = _demand(channel)
        if what == "wait":
            say("ended", os.waitpid(words[0], 0)[1])
            continue
        pid = os.fork()
        if pid:
            for one in files:
                os.close(one)
            say("began", pid)
            continue
        if what == "run":
            channel.close()
            return lambda: _become(*words, *files)
        try:
            said = str(JOBS[words[0]](*words[1:]))
        except BaseException as error:  # noqa: BLE001 - the test is told
            said = repr(error)
        say("said", os.getpid(), said)
        os._exit(0)


def _demand(channel):
    """Wait for the next demand, and the files that come with it; end with the process that makes them."""
    line, files, *_ = socket.recv_fds(channel, 1 << 16, 2)
    while line and not line.endswith(b"\n"):
        line += channel.recv(1 << 16)
    if not line:
        os._exit(0)
    return json.loads(line), files


def _import_all():
    import milestone_kit

    for module in pkgutil.walk_packages(milestone_kit.__path__, "milestone_kit."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _become(arguments, place, output, errors):
    """Make this process what Python would be with these arguments; it ends as that would."""
    signal.alarm(PATIENCE)
    for target, source in enumerate([output, errors], start=1):
        os.dup2(source, target)
        os.close(source)
    os.chdir(place["cwd"])
    os.environ.clear()
    os.environ.update(place["env"])
    option, what, *words = arguments
    if option == "-m":
        sys.argv = [what, *words]
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        sys.argv = ["-c", *words]
        main = sys.modules["__main__"].__dict__
        with contextlib.suppress(KeyError):
            del main["work"]
        exec(compile(what, "<string>", "exec"), main)


def end_as_python_ends(program):
    """Run a program and end the process as Python would, but without taking everything down before."""
    try:
        program()
        code = 0
    except SystemExit as asked:
        code = asked.code or 0
        if not isinstance(code, int):
            print(code, file=sys.stderr)
            code = 1
    except BaseException:  # noqa: BLE001 - whatever it is, it is printed
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

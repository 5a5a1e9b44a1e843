"""`python -m tests.benchmarks NAME ...`: a benchmark is a module here with `add_arguments` and `run`."""

from __future__ import annotations

import argparse
import importlib
import pkgutil

import tests.benchmarks


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=tests.benchmarks.__doc__)
    commands = parser.add_subparsers(required=True, metavar="NAME")
    for found in pkgutil.iter_modules(tests.benchmarks.__path__):
        if found.name.startswith("_"):
            continue
        module = importlib.import_module(f"tests.benchmarks.{found.name}")
        command = commands.add_parser(found.name, help=module.__doc__)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()

"""`python -m milestone_kit` is the command `milestone-kit`."""

from __future__ import annotations

import sys

from milestone_kit.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""A stand-in for Kalshi's milestone endpoints: a synthetic universe and a local HTTP server over it.

Everything invented here says so: `details` holds `"synthetic": true`, `source_ids` names only the sandbox.
"""

from __future__ import annotations

from milestone_kit.sandbox.script import ERROR_BODIES, NO_CURSOR, Request, Script
from milestone_kit.sandbox.server import SandboxServer, serve
from milestone_kit.sandbox.universe import (
    CATEGORIES,
    DEFAULT_NOW,
    GO_ZERO_TIME,
    TYPES,
    sample_milestones,
    synthetic_milestones,
)

__all__ = [
    "CATEGORIES",
    "DEFAULT_NOW",
    "ERROR_BODIES",
    "GO_ZERO_TIME",
    "NO_CURSOR",
    "TYPES",
    "Request",
    "SandboxServer",
    "Script",
    "sample_milestones",
    "serve",
    "synthetic_milestones",
]

"""A stand-in for Kalshi's milestone endpoints: a synthetic universe and a local HTTP server over it.

Everything invented here says so: `details` holds `"synthetic": true`, `source_ids` names only the sandbox.
"""

from __future__ import annotations

from milestone_kit.sandbox.catalog import CATEGORIES, INVENTED_TYPES, TYPES
from milestone_kit.sandbox.script import ERROR_BODIES, NO_CURSOR, Request, Script
from milestone_kit.sandbox.server import SandboxServer, serve
from milestone_kit.sandbox.shape import Shape
from milestone_kit.sandbox.truth import Truth
from milestone_kit.sandbox.universe import (
    DEFAULT_NOW,
    sample_milestones,
    synthetic_milestones,
    true_ends,
    truth,
)
from milestone_kit.sandbox.writing import GO_ZERO_TIME

__all__ = [
    "CATEGORIES",
    "DEFAULT_NOW",
    "ERROR_BODIES",
    "GO_ZERO_TIME",
    "INVENTED_TYPES",
    "NO_CURSOR",
    "TYPES",
    "Request",
    "SandboxServer",
    "Script",
    "Shape",
    "Truth",
    "sample_milestones",
    "serve",
    "synthetic_milestones",
    "true_ends",
    "truth",
]

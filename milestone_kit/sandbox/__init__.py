"""A stand-in for Kalshi's milestone endpoint: a synthetic universe and a local HTTP server over it."""

from __future__ import annotations

from milestone_kit.sandbox.universe import (
    CATEGORIES,
    DEFAULT_NOW,
    TYPES,
    sample_milestones,
    synthetic_milestones,
)

__all__ = ["CATEGORIES", "DEFAULT_NOW", "TYPES", "sample_milestones", "synthetic_milestones"]

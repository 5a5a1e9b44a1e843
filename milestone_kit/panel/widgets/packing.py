"""Plotly traces and layouts as JSON and raw buffers, so that arrays of numbers travel as they are."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

__all__ = ["BUFFER", "pack"]

BUFFER: Final = "$buffer"
"""The key under which the front end finds the number of an array's buffer."""


def pack(value: Any, buffers: list[bytes]) -> Any:
    """Return `value` with each array of numbers replaced by a reference into `buffers`.

    Parameters
    ----------
    value : dict, list, tuple, ndarray or JSON scalar
        Arrays are of one dimension.
    buffers : list of bytes
        Arrays of numbers are appended as little-endian floats of the `bits` that the reference tells.

    Examples
    --------
    >>> buffers = []
    >>> pack({"x": np.array([1.5, 2.5]), "name": "a"}, buffers)
    {'x': {'$buffer': 0, 'bits': 64}, 'name': 'a'}
    >>> len(buffers[0])
    16
    """
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            return value.tolist()
        bits = 32 if value.dtype == np.float32 else 64
        buffers.append(value.astype(f"<f{bits // 8}").tobytes())
        return {BUFFER: len(buffers) - 1, "bits": bits}
    if isinstance(value, dict):
        return {key: pack(one, buffers) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        # lists of text are long and hold nothing to pack
        return (
            list(value) if not value or isinstance(value[0], str) else [pack(one, buffers) for one in value]
        )
    return value

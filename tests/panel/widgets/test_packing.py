"""Pictures as JSON and raw buffers."""

from __future__ import annotations

import json

import numpy as np

from milestone_kit.panel.widgets.packing import BUFFER, pack


def unpack(value, buffers):
    """Do what the front end does."""
    if isinstance(value, dict) and BUFFER in value:
        return np.frombuffer(buffers[value[BUFFER]], f"<f{value['bits'] // 8}")
    if isinstance(value, dict):
        return {key: unpack(one, buffers) for key, one in value.items()}
    return [unpack(one, buffers) for one in value] if isinstance(value, list) else value


def test_numbers_travel_as_they_are_and_the_rest_as_json():
    picture = {
        "x": np.array([1.5, np.nan, -1e300]),
        "y": np.array([1.5, 2.5], np.float32),
        "n": np.array([1, 2**40]),
        "ids": np.array(["a", "b"], dtype=object),
        "text": ["a", "b"],
        "pair": (0.5, 1),
        "deep": [{"z": np.array([3.0])}, {}],
        "none": None,
    }
    buffers = []
    packed = json.loads(json.dumps(pack(picture, buffers)))
    np.testing.assert_equal(
        unpack(packed, buffers),
        picture | {"ids": ["a", "b"], "pair": [0.5, 1]},
    )
    assert [len(one) for one in buffers] == [24, 8, 16, 8]

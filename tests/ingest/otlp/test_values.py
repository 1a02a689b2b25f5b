from __future__ import annotations

import math

import pytest

from sensorium.ingest.otlp.values import any_value, as_text, flattened
from tests.ingest.otlp.messages import any_value as message


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (True, "true"),
        (-3, "-3"),
        (1.0, "1"),
        (0.25, "0.25"),
        (1e-9, "1e-9"),
        (b"ab", "YWI="),
        ([1, "a", 1e15, -0.0], '[1,"a",1000000000000000,0]'),
        ({"b": 1.5, "a": [b"x", None]}, '{"a":["eA==",null],"b":1.5}'),
        ([math.nan, math.inf], '["nan","inf"]'),
        (None, ""),
    ],
)
def test_values_are_written_as_json_has_them(value: object, text: str) -> None:
    assert as_text(any_value(message(value).SerializeToString())) == text


def test_a_map_is_an_attribute_for_each_of_its_entries() -> None:
    pairs = list(flattened("http", {"request": {"method": "GET"}, "tags": ["a"], "none": {}}))
    assert pairs == [("http.request.method", "GET"), ("http.tags", '["a"]'), ("http.none", "{}")]

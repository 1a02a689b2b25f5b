"""Schemas: Gemini's older subset of OpenAPI, read as JSON Schema, which is what is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def json_schema_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """Types in lower case; ``nullable`` becomes one more type."""
    read: dict[str, Any] = {}
    for key, item in value.items():
        if key == "type" and isinstance(item, str):
            read[key] = item.lower()
        elif key in ("properties", "$defs", "defs") and isinstance(item, dict):
            read[key] = {name: _within(inner) for name, inner in item.items()}
        elif key in ("items", "anyOf", "prefixItems", "additionalProperties"):
            read[key] = _within(item)
        elif key != "nullable":
            read[key] = item
    if value.get("nullable") is True and isinstance(read.get("type"), str):
        read["type"] = [read["type"], "null"]
    return read


def _within(value: Any) -> Any:
    if isinstance(value, dict):
        return json_schema_of(value)
    return [_within(item) for item in value] if isinstance(value, list) else value

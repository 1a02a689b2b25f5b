"""Canonical JSON and its SHA-256: what approvals, evidence and ids are bound to."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from enum import Enum
from typing import Any


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return value.hex()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} has no canonical JSON form")


def canonical_json(value: Any) -> bytes:
    """Serialise to UTF-8 JSON with sorted keys and no spaces, in the manner of RFC 8785.

    Dataclasses become objects, enums their values, bytes lower-case hex. NaN and infinities are
    refused (ValueError), since JSON has none.
    """
    text = json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
        default=_plain,
    )
    return text.encode()


def digest(value: Any) -> str:
    """SHA-256 of :func:`canonical_json`, as 64 lower-case hex digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()

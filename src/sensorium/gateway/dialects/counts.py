"""Whole numbers in a provider's answer: tokens, seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

# Beyond it, numbers are not exact in everybody's JSON; no count of tokens is so large.
LARGEST: Final = 2**53


def count(value: Mapping[str, Any], key: str, otherwise: int = 0) -> int:
    """The number of that key, or ``otherwise`` where there is none that can be one."""
    found = value.get(key)
    return found if type(found) is int and 0 <= found < LARGEST else otherwise

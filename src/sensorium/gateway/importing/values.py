"""Values of a LiteLLM file: ``os.environ/NAME`` references, numbers, lists and mappings."""

from __future__ import annotations

import re
from typing import Any, Final

_REFERENCE: Final = "os.environ/"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def variable(value: Any) -> str:
    """The variable that ``os.environ/NAME`` names; '' where it is no such reference."""
    if isinstance(value, str) and value.startswith(_REFERENCE):
        name = value.removeprefix(_REFERENCE)
        return name if _VARIABLE.fullmatch(name) else ""
    return ""


def mapping(value: Any) -> dict[str, Any]:
    """The mapping with names as text; empty where it is none."""
    return {str(name): one for name, one in value.items()} if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """The list; one of one for a single value, empty for None."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def number(value: Any) -> float | None:
    """A number, also where it was written as text; None where it is none or not finite."""
    if isinstance(value, bool):
        return None
    try:
        made = float(value)
    except (TypeError, ValueError):
        return None
    return made if made - made == 0 else None

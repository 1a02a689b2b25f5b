"""Reads a YAML file that somebody else wrote, and that may mean harm.

Only plain values are made (no tags of Python's), as LiteLLM itself reads it: YAML 1.1. Size, depth
and what aliases come to are bounded.
"""

from __future__ import annotations

from typing import Any, Final

import yaml

from sensorium.errors import UsageError

MAX_BYTES: Final = 2 * 1024 * 1024
_MAX_DEPTH: Final = 40
_MAX_VALUES: Final = 200_000


def read(text: str) -> dict[str, Any]:
    """The document, a mapping; raises ``UsageError`` for anything else."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise _refused(f"is longer than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        _check_depth(text)
        document = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise _refused(f"is not plain YAML{line}: {error.problem}") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise _refused(f"is not plain YAML: {type(error).__name__}") from error
    if not isinstance(document, dict):
        raise _refused("is not a mapping")
    _count(document, {}, ())
    return document


def _check_depth(text: str) -> None:
    """Nesting, before anything is built: building is recursive."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                raise _refused(f"is nested more than {_MAX_DEPTH} deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _count(value: Any, known: dict[int, int], above: tuple[int, ...]) -> int:
    """How many values there are with every alias written out."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) in above:
        raise _refused("holds an alias to what it is part of")
    if id(value) not in known:
        items = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_count(one, known, (*above, id(value))) for one in items)
        if known[id(value)] > _MAX_VALUES:
            raise _refused("comes to too many values")
    return known[id(value)]


def _refused(why: str) -> UsageError:
    return UsageError(f"the file {why}", unaffected="nothing was written")

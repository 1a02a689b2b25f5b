"""Reading fields of a caller's body, with errors that say where and what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sensorium.gateway.dialect import BadRequestError

T = TypeVar("T")
_NAMES = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    dict: "an object",
    list: "a list",
    type(None): "null",
}


def wrong(path: str, expected: str, value: Any) -> BadRequestError:
    """``messages[0].content: expected a string, got a list``."""
    got = _NAMES.get(type(value), "something else")
    return BadRequestError(f"{path}: expected {expected}, got {got}", path)


def need(body: Mapping[str, Any], key: str, path: str) -> Any:
    """A field that must be there."""
    value = body.get(key)
    if value is None:
        raise BadRequestError(f"{path}: is missing", path)
    return value


def text(body: Mapping[str, Any], key: str, path: str) -> str:
    """A string that must be there."""
    value = need(body, key, path)
    if not isinstance(value, str):
        raise wrong(path, "a string", value)
    return value


def optional_text(body: Mapping[str, Any], key: str, path: str) -> str:
    """A string, empty where there is none."""
    value = body.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise wrong(path, "a string", value)
    return value


def flag(body: Mapping[str, Any], key: str, path: str) -> bool | None:
    """True, false or not said."""
    value = body.get(key)
    if value is not None and not isinstance(value, bool):
        raise wrong(path, "true or false", value)
    return value


def number(body: Mapping[str, Any], key: str, path: str) -> float | None:
    """A number or not said."""
    value = body.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(path, "a number", value)
    return value


def whole(body: Mapping[str, Any], key: str, path: str, least: int | None = None) -> int | None:
    """A whole number, at least ``least``, or not said."""
    value = body.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(path, "a whole number", value)
    if least is not None and value < least:
        raise BadRequestError(f"{path}: must be at least {least}", path)
    return value


def mapping(value: Any, path: str) -> Mapping[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise wrong(path, "an object", value)
    return value


def sequence(value: Any, path: str) -> Sequence[Any]:
    """A list."""
    if not isinstance(value, list):
        raise wrong(path, "a list", value)
    return value


def texts(value: Any, path: str) -> tuple[str, ...]:
    """A list of strings."""
    for index, item in enumerate(sequence(value, path)):
        if not isinstance(item, str):
            raise wrong(f"{path}[{index}]", "a string", item)
    return tuple(value)


def rest(body: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any] | None:
    """The fields that are not known here, or ``None`` where there are none."""
    if known.issuperset(body):
        return None
    return {key: value for key, value in body.items() if key not in known}

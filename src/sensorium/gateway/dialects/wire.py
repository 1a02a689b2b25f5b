"""JSON as providers write it and as the gateway writes it."""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

_ESCAPE: Final = b"\\u"
# What the JSON library writes as integers, and what it reads as floating point.
_LEAST: Final = -(2**63)
_MOST: Final = 2**64 - 1
_LARGEST: Final = 10**308


class NotJsonError(ValueError):
    """Bytes that are no JSON; the text is not in the message."""


def loads(data: bytes | str, *, halves: bool = False) -> Any:
    """Read JSON. Raises ``NotJsonError``.

    Some servers escape half a surrogate pair. It becomes U+FFFD, or with ``halves`` stays in the
    text, because the next piece of a stream may begin with the other half.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        escaped = _ESCAPE in data if isinstance(data, bytes) else "\\u" in data
        if not escaped:
            raise NotJsonError("not JSON") from None
    try:
        value = json.loads(data, parse_constant=_refuse)
        return value if halves else mended(value)
    except (ValueError, RecursionError):
        raise NotJsonError("not JSON") from None


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def mended(value: Any) -> Any:
    """The value with all its texts :func:`whole`, and integers beyond 64 bits as floating point."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, list):
        return [mended(item) for item in value]
    if isinstance(value, dict):
        return {whole(key): mended(item) for key, item in value.items()}
    if type(value) is int and not _LEAST <= value <= _MOST:
        return float(value) if abs(value) < _LARGEST else None
    return value


def whole(text: str) -> str:
    """The text with each surrogate pair joined, and halves that have no other replaced (U+FFFD)."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def dumps(value: Any) -> bytes:
    """Write JSON, in UTF-8. Raises ``TypeError`` for what JSON cannot hold."""
    return orjson.dumps(value)


def dumps_text(value: Any) -> str:
    """The same, as text."""
    return orjson.dumps(value).decode()

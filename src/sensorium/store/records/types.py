"""Column types that hold what was put in, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import dataclasses
import json
import re
from enum import Enum
from typing import Any

from sqlalchemy import Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with NUL and lone surrogates, which PostgreSQL cannot hold, made U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def plain(value: Any) -> Any:
    """The JSON form of a record: enums become their values, dataclasses objects."""
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} has no JSON form")


class Json(TypeDecorator[Any]):
    """Any plain JSON value as ASCII text with sorted keys.

    Text and not JSONB, which refuses ``\\u0000`` and forgets how a number was written: digests
    are computed over what comes back. NaN and infinities are kept in Python's spelling.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        """Serialise; tuples become arrays and come back as lists."""
        return json.dumps(value, sort_keys=True, separators=(",", ":"), default=plain)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Parse."""
        return None if value is None else json.loads(value)


class Words(TypeDecorator[str]):
    """Free text that may have come over the network; kept as :func:`storable` makes it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace what no database text can hold."""
        return None if value is None else storable(value)

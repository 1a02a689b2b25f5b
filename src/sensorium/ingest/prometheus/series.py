"""How exposition text names a series."""

from __future__ import annotations

import re
from typing import Final

_METRIC_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BLANKS: Final = re.compile(r"[ \t\r]*")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_UNESCAPED: Final = {"n": "\n", '"': '"', "\\": "\\"}


class MalformedSeriesError(ValueError):
    """The text before a value names no series."""


def parse_series(text: bytes) -> tuple[str, list[tuple[str, str]]]:
    """The name and labels of ``name{label="value",...}``, in their order.

    The form ``{"name", label="value"}`` is read too. MalformedSeriesError for anything else,
    invalid UTF-8, a label given twice, and one called as the name is inside Prometheus.
    """
    try:
        decoded = text.decode()
    except UnicodeDecodeError as error:
        raise MalformedSeriesError("not UTF-8") from error
    outside, brace, inside = decoded.partition("{")
    name = outside.rstrip(" \t\r")
    labels: list[tuple[str, str]] = []
    if brace:
        quoted_name = _parse_labels(inside, labels)
        if name and quoted_name is not None:
            raise MalformedSeriesError("two names")
        if quoted_name is not None:
            name = quoted_name
            if not name:
                raise MalformedSeriesError("empty name")
            return name, labels
    if not _METRIC_NAME.fullmatch(name):
        raise MalformedSeriesError(f"no metric name: {name!r}")
    return name, labels


def _parse_labels(text: str, labels: list[tuple[str, str]]) -> str | None:
    """Read ``a="b",c="d"}`` to its brace; return a bare quoted string among them, if any."""
    name: str | None = None
    seen = set()
    at = _blanks_end(text, 0)
    while text[at : at + 1] != "}":
        quoted = _QUOTED.match(text, at)
        plain = _LABEL_NAME.match(text, at)
        token = quoted or plain
        if token is None:
            raise MalformedSeriesError("no label name")
        label = _unescape(quoted.group(1)) if quoted else token.group()
        at = _blanks_end(text, token.end())
        if text[at : at + 1] == "=":
            value = _QUOTED.match(text, _blanks_end(text, at + 1))
            if value is None or label in seen or label == "__name__":
                raise MalformedSeriesError("a label without value, given twice, or for the name")
            seen.add(label)
            labels.append((label, _unescape(value.group(1))))
            at = _blanks_end(text, value.end())
        elif quoted and name is None:
            name = label
        else:
            raise MalformedSeriesError("a label without value")
        if text[at : at + 1] == ",":
            at = _blanks_end(text, at + 1)
        elif text[at : at + 1] != "}":
            raise MalformedSeriesError("no comma between labels")
    if at + 1 != len(text):
        raise MalformedSeriesError("text after the labels")
    return name


def _blanks_end(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return match.end() if match else at


def _unescape(text: str) -> str:
    r"""``\n``, ``\"`` and ``\\``; another backslash stands for itself."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda m: _UNESCAPED.get(m.group(1), m.group()), text)

"""Whether a statement is one plain read: the guard in front of the engine's own read-only mode.

The engine refuses writes, table functions and changed settings itself (``readonly = 1``). This
guard adds what an embedded engine lets through even then: ``INTO OUTFILE`` and functions that
read files of the machine.
"""

from __future__ import annotations

import re

from sensorium.store.errors import QueryRefusedError

# Order matters: comments and quoted text are taken whole before single characters are looked at.
_QUOTED = re.compile(
    r"""--[^\n]*|\#[^\n]*|/\*.*?\*/
    |'(?:\\.|''|[^'\\])*'
    |"(?:\\.|""|[^"\\])*"
    |`(?:\\.|``|[^`\\])*`
    |\$(\w*)\$.*?\$\1\$""",
    re.VERBOSE | re.DOTALL,
)
_UNSENT = "the statement was not sent"
_FIRST_WORD = re.compile(r"\s*\(*\s*(\w+)")
_FORBIDDEN = (
    (re.compile(r"\bINTO\s+OUTFILE\b", re.IGNORECASE), "INTO OUTFILE writes a file"),
    (re.compile(r"\bFORMAT\s+\w+\s*$", re.IGNORECASE), "the answer's FORMAT is chosen here"),
    (
        re.compile(r"\b(file|catboostEvaluate|joinGet\w*|dictGet\w*)\s*\(", re.IGNORECASE),
        "functions that reach outside the tables are not allowed",
    ),
)


def require_read_only(sql: str) -> None:
    """Raise QueryRefusedError unless ``sql`` is a single SELECT (or WITH ... SELECT)."""
    # A quoted name stays a name: a word stands in for it, so `file`(...) is still seen as a call.
    bare = _QUOTED.sub(_stand_in, sql).strip()
    if bare.endswith(";"):
        bare = bare[:-1].rstrip()
    first = _FIRST_WORD.match(bare)
    if first is None or first.group(1).upper() not in {"SELECT", "WITH"}:
        raise QueryRefusedError("only SELECT is allowed on the telemetry store", unaffected=_UNSENT)
    if ";" in bare:
        raise QueryRefusedError("one statement at a time", unaffected=_UNSENT)
    for pattern, reason in _FORBIDDEN:
        if pattern.search(bare):
            raise QueryRefusedError(reason, unaffected=_UNSENT)


def _stand_in(match: re.Match[str]) -> str:
    text = match.group()
    if text[0] in '"`':
        return " " + text[1:-1] + " "
    return " '' " if text[0] in "'$" else " "

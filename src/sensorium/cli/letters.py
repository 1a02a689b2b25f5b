"""Output in an encoding that lacks letters, as under ``LANG=de_DE.ISO-8859-1``."""

from __future__ import annotations

import codecs
import io
import sys
from typing import Final

_NAME: Final = "sensorium.escaped"


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """What the encoding lacks as JSON escapes it (RFC 8259 section 7), so that JSON stays JSON."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs), error.end


def escape_what_is_lacking() -> None:
    """Let standard output and standard error escape what their encoding has no letter for."""
    codecs.register_error(_NAME, _escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() != "utf-8":
            stream.reconfigure(errors=_NAME)

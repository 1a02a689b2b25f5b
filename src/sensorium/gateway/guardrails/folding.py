"""Characters that look alike read alike; each still stands at its own place.

One character becomes one character, so that what is found in the folded text stands at the same
place in the text itself. Decimal digits of every script (Unicode's class Nd), full-width Latin
letters and marks, the dashes and the spaces become their ASCII twins. Characters without width
become U+001F, which patterns of numbers take for a separator.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

NO_WIDTH = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_SPACES = "\u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u202f\u205f\u3000"


@cache
def _table() -> tuple[dict[int, str], re.Pattern[str]]:
    table = {
        code: str(unicodedata.decimal(chr(code)))
        for code in range(0x80, sys.maxunicode + 1)
        if unicodedata.category(chr(code)) == "Nd"
    }
    table |= {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table |= dict.fromkeys(map(ord, _DASHES), "-")
    table |= dict.fromkeys(map(ord, _SPACES), " ")
    table |= dict.fromkeys(map(ord, NO_WIDTH), "\x1f")
    return table, re.compile("[" + "".join(map(chr, sorted(table))) + "]")


def folded(text: str) -> str:
    """The text, character by character; the same object where nothing is folded."""
    if text.isascii():
        return text
    table, folds = _table()
    return text.translate(table) if folds.search(text) else text

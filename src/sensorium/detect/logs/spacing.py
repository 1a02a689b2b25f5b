"""JSON on one line, written without spaces, in words: each key and each value by itself."""

from __future__ import annotations

import re
from typing import Final

# After a value's comma and a key's colon, where no space is.
_TIGHT: Final = re.compile(r"""(?<=[\w"\]}>]),(?=["{\[<])|(?<="):(?=\S)""")


def spaced(text: str) -> str:
    """A masked text, with a space between what JSON tells apart; any other text as it is."""
    if not text.lstrip().startswith("{"):
        return text
    return _TIGHT.sub(lambda found: f"{found[0]} ", text)

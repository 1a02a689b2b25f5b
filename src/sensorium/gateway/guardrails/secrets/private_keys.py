"""Private keys in PEM (RFC 7468), OpenSSH's and PGP's armour; also with ``\\n`` written out.

A key without its last line is a key as well: the base64 after its first line belongs to it.
"""

from __future__ import annotations

import re
from typing import Final

from sensorium.gateway.guardrails.rule import Finding

LITERAL: Final = "-----BEGIN"
LONGEST: Final = 20 * 1024
_BREAK = r"(?:[\s>|\"',+]|\\+[nrt]){0,24}+"
_HEADER = r"-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----"
_LINES = rf"(?:{_BREAK}(?:[A-Za-z-]{{3,20}}: [^\n\\]{{1,120}}|[A-Za-z0-9+/=]{{16,120}}+)){{0,160}}+"
_LAST = rf"(?:{_BREAK}[A-Za-z0-9+/=]{{1,120}}+)?"
_FOOTER = rf"{_BREAK}-----END [A-Z0-9 ]{{0,32}}PRIVATE KEY(?: BLOCK)?-----"
_KEY = re.compile(rf"{_HEADER}(?>{_LINES})(?:{_LAST}{_FOOTER})?")
_OPEN = re.compile(
    rf"{LITERAL}(?: [A-Z0-9 ]{{0,52}}-{{0,5}}\Z|\Z"
    rf"|(?<={LITERAL}) [A-Z0-9 ]{{0,32}}PRIVATE KEY(?: BLOCK)?-----(?>{_LINES})"
    rf"(?:{_BREAK}[A-Za-z0-9+/=:,. -]{{0,120}}+)?{_BREAK}\\*"
    rf"(?:-{{1,5}}|-----E[A-Z0-9 ]{{0,54}}-{{0,5}})?\Z)"
)


def find_private_keys(text: str, start: int) -> list[Finding]:
    """The keys that begin at ``start`` or later, in order."""
    return [Finding(*found.span(), "PRIVATE_KEY") for found in _KEY.finditer(text, start)]


def private_key_open_from(text: str) -> int:
    """Where a key begins that more text could complete or lengthen."""
    at = text.find(LITERAL, max(0, len(text) - LONGEST))
    while at >= 0:
        if _OPEN.match(text, at):
            return at
        at = text.find(LITERAL, at + 1)
    return len(text)

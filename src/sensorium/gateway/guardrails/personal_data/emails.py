"""E-mail addresses, also internationalised ones (RFC 6531): found from their ``@``."""

from __future__ import annotations

import re
from typing import Final

from sensorium.gateway.guardrails.rule import Finding

_LOCAL: Final = 64
LONGEST: Final = _LOCAL + 1 + 9 * 64
_LOCAL_TURNED = re.compile(rf"[\w.%+'\-]{{1,{_LOCAL}}}")
_DOMAIN = re.compile(r"(?:[\w\-]{1,63}+\.){1,8}[^\W\d_]{2,24}(?![\w\-])")
_RUN_TURNED = re.compile(r"[\w.%+'@\-]*")


def find_emails(text: str, start: int) -> list[Finding]:
    """The addresses that begin at ``start`` or later, in order."""
    found: list[Finding] = []
    at = text.find("@", start)
    while at >= 0:
        domain = _DOMAIN.match(text, at + 1)
        if domain and (local := _LOCAL_TURNED.match(text[max(start, at - _LOCAL) : at][::-1])):
            begin = at - len(local[0].rstrip("'.-"))
            if begin < at:
                found.append(Finding(begin, domain.end(), "EMAIL"))
                start = domain.end()
        at = text.find("@", max(at + 1, start))
    return found


def email_open_from(text: str) -> int:
    """Where the last unbroken word begins; without an ``@`` no more than a mailbox's name of it."""
    tail = text[: -LONGEST - 1 : -1]
    run = _RUN_TURNED.match(tail)
    word = run[0] if run else ""
    if "@" not in word:
        return len(text) - min(len(word), _LOCAL)
    return len(text) - len(word)

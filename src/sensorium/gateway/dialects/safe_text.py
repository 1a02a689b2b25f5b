"""A provider's own words about a failure, made safe to show, to log and to keep.

Providers repeat what they were sent: a part of the key, an address of the inside, an account, even
the whole body. What looks so is taken out; what follows an echo of the input is cut off.
"""

from __future__ import annotations

import re
from typing import Any, Final

LONGEST: Final = 400

_ECHO: Final = re.compile(
    r"""['"]?\b(?:input|input_value|body|prompt|content)['"]?\s*[=:]\s*['"\[{]"""
)
_SECRETS: Final = re.compile(
    r"""(?:sk|pk|rk|gsk|xai|key|org|proj|sess)[-_][\w*.…-]{6,}  # keys and accounts, masked or not
    |AIza[\w-]{10,}|ya29\.[\w.-]{8,}                              # Google
    |\b(?:AKIA|ASIA|AROA)[A-Z0-9]{8,}|\barn:aws[\w-]*:[^\s'",]+   # AWS
    |\beyJ[\w-]{8,}\.[\w.-]+                                      # JSON web tokens
    |(?i:bearer)\s+[\w.~+/=-]{8,}
    |\b\d{12}\b                                                   # AWS accounts
    |[\w+/=-]{40,}                                                # anything long enough to be one
    """,
    re.VERBOSE,
)
_ADDRESSES: Final = re.compile(
    r"""\b[a-z][a-z0-9+.-]*://[^\s'",)]+
    |\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b
    |\b[\w-]+(?:\.[\w-]+)*\.(?:internal|local|lan|corp|svc|cluster)\b[^\s'",)]*
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")


def safe(words: Any, otherwise: str) -> str:
    """One line of at most ``LONGEST`` characters; ``otherwise`` where there are no words."""
    if not isinstance(words, str):
        return otherwise
    text = _CONTROL.sub(" ", words[: LONGEST * 8])
    echo = _ECHO.search(text)
    if echo is not None:
        text = text[: echo.start()].rstrip(" ,;[{(")
    text = _SECRETS.sub("[removed]", _ADDRESSES.sub("[address]", text)).strip()
    if len(text) > LONGEST:
        text = text[: LONGEST - 1] + "…"
    return text or otherwise

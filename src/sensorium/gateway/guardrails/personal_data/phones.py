"""Telephone numbers, conservatively: E.164 with its plus, the North American form, and others only
where a word for a telephone stands before them."""

from __future__ import annotations

import re
from typing import Final

from sensorium.gateway.guardrails.personal_data.kinds import RIGHT, Kind, always, digits_of, words

_LEFT = r"(?<![0-9A-Za-z+])(?<![0-9][.,])"
_MORE = r"(?:[ .\-/()\x1f]{0,3}[0-9]){2,4}(?:[ .\-/\x1f]?[0-9])"


def is_e164(text: str) -> bool:
    """Eight to fifteen digits (ITU-T E.164), the international prefix not counted."""
    digits = digits_of(text)
    return 8 <= len(digits.removeprefix("00") if text.startswith("00") else digits) <= 15


def is_long(text: str) -> bool:
    """Seven digits or more, as every other kind of number has here."""
    return len(digits_of(text)) >= 7


PHONES: Final = (
    Kind("PHONE", re.compile(_LEFT + r"\+[1-9]" + _MORE + "{3,12}" + RIGHT), is_e164),
    Kind(
        "PHONE",
        re.compile(_LEFT + r"00[1-9][0-9]{0,2}[ .\-/()\x1f]" + _MORE + "{2,11}" + RIGHT),
        is_e164,
    ),
    Kind(
        "PHONE",
        re.compile(
            _LEFT + r"(?:1[ .\-])?(?:\([2-9][0-9]{2}\)[ \-]?|[2-9][0-9]{2}[.\-])"
            r"[2-9][0-9]{2}[ .\-][0-9]{4}" + RIGHT
        ),
        always,
    ),
    Kind(
        "PHONE",
        re.compile(_LEFT + r"\(?[0-9]" + _MORE + "{3,12}" + RIGHT),
        is_long,
        words("tel[^a-z]", "telefon", "telephone", "phone", "mobile", "handy", "whatsapp", "fax"),
    ),
)

"""IBAN: two letters of a country, its length, and the check of ISO 7064 mod 97-10 (ISO 13616).

Lengths are those of SWIFT's IBAN registry, as Wikipedia's "International Bank Account Number" lists
them.
"""

from __future__ import annotations

import re
from typing import Final

from sensorium.gateway.guardrails.personal_data.kinds import RIGHT
from sensorium.gateway.guardrails.rule import Finding

_LENGTHS: Final = {
    entry[:2]: int(entry[2:])
    for entry in (
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27"
        " DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28"
        " IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22"
        " MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24"
        " SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
    ).split()
}
LONGEST: Final = 2 * max(_LENGTHS.values())
# Two digits after exactly two letters: digits are looked for, as they are rarer than letters.
_HEAD = re.compile(r"[0-9][0-9](?<=[A-Za-z]{2}[0-9]{2})(?<![0-9A-Za-z][A-Za-z]{2}[0-9]{2})")
_REST = re.compile(r"(?:[ \-\x1f]?[0-9A-Za-z]){11,29}+")
_RIGHT = re.compile(RIGHT)
_DIGIT = re.compile("[0-9]")
_OPEN = re.compile(
    r"(?<![0-9A-Za-z])[A-Za-z](?:[A-Za-z](?:[0-9](?:[0-9](?:[ \-\x1f]?[0-9A-Za-z])*+"
    r"[ \-\x1f]?)?)?)?\Z"
)


def is_iban(compact: str) -> bool:
    """Whether letters and digits without separators are an IBAN."""
    if _LENGTHS.get(compact[:2].upper()) != len(compact):
        return False
    turned = (compact[4:] + compact[:4]).upper()
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def find_ibans(text: str, start: int) -> list[Finding]:
    """The IBANs that begin at ``start`` or later, in order."""
    found = []
    for head in _HEAD.finditer(text, start):
        begin = head.start() - 2
        if begin >= start and (end := _end(text, begin)):
            found.append(Finding(begin, end, "IBAN"))
            start = end
    return found


def _end(text: str, begin: int) -> int:
    length = _LENGTHS.get(text[begin : begin + 2].upper())
    rest = _REST.match(text, begin + 4) if length else None
    if length is None or rest is None:
        return 0
    compact, end = text[begin : begin + 4], begin + 4
    while len(compact) < length and end < rest.end():
        if text[end].isalnum():
            compact += text[end]
        end += 1
    return end if _RIGHT.match(text, end) and is_iban(compact) else 0


def iban_open_from(text: str) -> int:
    """Where an IBAN begins that more text could complete."""
    begin = max(0, len(text) - LONGEST)
    if not _DIGIT.search(text, begin):  # then there are no more than its two letters
        begin = max(begin, len(text) - 2)
    while found := _OPEN.search(text, begin):
        begin = found.start()
        country = text[begin : begin + 2].upper()
        so_far = sum(map(str.isalnum, text[begin:]))
        if len(country) < 2 or so_far <= _LENGTHS.get(country, 0):
            return begin
        begin += 1
    return len(text)

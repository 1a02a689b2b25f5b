"""Amounts of data as people write them."""

from __future__ import annotations

import re
from typing import Final

_NUMBER: Final = r"(?<![\w.,])(\d+(?:[., ]\d{3})*(?:[.,]\d+)?)"
_AMOUNT: Final = re.compile(
    _NUMBER + r"\s*(?:([kmgtp])(i?)b?|()()(?:b|bytes?))(?![\w/])", re.IGNORECASE
)
_BARE: Final = re.compile(r"\s*" + _NUMBER + r"()()\s*")
_POWER: Final = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_LARGEST: Final = 1 << 60


def parse_volume(text: str) -> int:
    """The first amount in ``text``, in bytes: ``up to 400 MB``, ``1.5 GiB``, ``1,500 kB``.

    A prefix is decimal, with an ``i`` binary. A number alone is bytes. 0 where there is none, and
    for amounts above 1 EiB.
    """
    match = _AMOUNT.search(text) or _BARE.fullmatch(text)
    if match is None:
        return 0
    digits, *unit = match.groups()
    prefix, binary = (unit[0] or "", unit[1] or "")
    base = 1024 if binary and prefix else 1000
    amount = _number(digits) * base ** _POWER[prefix.lower()]
    return round(amount) if amount <= _LARGEST else 0


def _number(digits: str) -> float:
    plain = digits.replace(" ", "")
    whole, separator, fraction = plain.rpartition(max(".,", key=plain.rfind))
    # "1,500" and "1.500.000" group thousands; "1.5", "1,5" and "0.125" have a fraction.
    grouped = len(fraction) == 3 and whole not in ("", "0") and separator == ","
    if not separator or grouped or whole.count(separator):
        return float(re.sub(r"[.,]", "", plain))
    return float(f"{re.sub(r'[.,]', '', whole)}.{fraction}")

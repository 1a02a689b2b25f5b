"""Payment cards: the issuer's range, the length it uses, and the Luhn digit (ISO/IEC 7812-1).

Ranges as issuers publish them and Wikipedia's "Payment card number" collects them.
"""

from __future__ import annotations

from typing import Final

from sensorium.gateway.guardrails.personal_data.kinds import Kind, digits_of, shape

# First and last prefix (of equal length), and the lengths of numbers issued under them.
_ISSUERS: Final[tuple[tuple[str, str, range], ...]] = (
    ("4", "4", range(13, 20, 3)),  # Visa
    ("51", "55", range(16, 17)),  # Mastercard
    ("2221", "2720", range(16, 17)),  # Mastercard
    ("34", "34", range(15, 16)),  # American Express
    ("37", "37", range(15, 16)),  # American Express
    ("6011", "6011", range(16, 20)),  # Discover
    ("644", "659", range(16, 20)),  # Discover
    ("300", "305", range(14, 20)),  # Diners Club
    ("3095", "3095", range(14, 20)),  # Diners Club
    ("36", "36", range(14, 20)),  # Diners Club
    ("38", "39", range(14, 20)),  # Diners Club
    ("3528", "3589", range(16, 20)),  # JCB
    ("62", "62", range(16, 20)),  # UnionPay
    ("2200", "2204", range(16, 20)),  # Mir
    ("5018", "5018", range(12, 20)),  # Maestro
    ("5020", "5020", range(12, 20)),  # Maestro
    ("5038", "5038", range(12, 20)),  # Maestro
    ("5893", "5893", range(12, 20)),  # Maestro
    ("6304", "6304", range(12, 20)),  # Maestro
    ("6759", "6759", range(12, 20)),  # Maestro
    ("6761", "6763", range(12, 20)),  # Maestro
    ("60", "60", range(16, 17)),  # RuPay
)
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    total = sum(map(int, digits[-1::-2])) + sum(_DOUBLED[int(one)] for one in digits[-2::-2])
    return total % 10 == 0


def is_card(text: str) -> bool:
    """Whether the digits are a card's number, by range, length and check digit."""
    digits = digits_of(text)
    return any(
        first <= digits[: len(first)] <= last and len(digits) in lengths
        for first, last, lengths in _ISSUERS
    ) and luhn(digits)


_FOURS = r"[2-6][0-9]{3}(~)[0-9]{4}\1[0-9]{4}\1"
# The longest first: a number of 16 digits may be followed by three that are not of it.
CARDS: Final = (
    Kind("CARD", shape(_FOURS + r"[0-9]{4}\1[0-9]{1,3}"), is_card),
    Kind("CARD", shape(_FOURS + r"[0-9]{1,4}"), is_card),
    Kind("CARD", shape(r"3[0-9]{3}(~)[0-9]{6}\1[0-9]{4,5}"), is_card),
    Kind("CARD", shape(r"[2-6][0-9]{11,18}"), is_card),
)

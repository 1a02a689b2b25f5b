"""Personal data of all kinds in one pass: what is rare in text is looked for first."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Final

from sensorium.gateway.guardrails.folding import folded
from sensorium.gateway.guardrails.personal_data import addresses, bank_accounts, cards, emails
from sensorium.gateway.guardrails.personal_data.kinds import Kind
from sensorium.gateway.guardrails.personal_data.national import NATIONAL
from sensorium.gateway.guardrails.personal_data.phones import PHONES
from sensorium.gateway.guardrails.rule import Finding

_NUMBERS: Final[tuple[Kind, ...]] = (*cards.CARDS, *NATIONAL, *PHONES)
USUAL: Final = ("EMAIL", "IBAN", *dict.fromkeys(kind.label for kind in _NUMBERS))
LABELS: Final = (*USUAL, "IP", "MAC")

# Seven digits or more with little between them: no kind of number has fewer.
_RUN = re.compile(r"[0-9](?:[ .\-/()\x1f]{0,3}+[0-9]|(?<=2)[ABab](?=[ .\-\x1f0-9])){6,}+")
_BEFORE, _BEYOND = 3, 4  # what of a number stands before its first digit, and after its last
_TAIL: Final = 80
_TAIL_TURNED = re.compile(
    r"[A-Za-z]?[ .\-/()\x1f]{0,3}(?:[ABab]?[0-9][ .\-/()\x1f]{0,3})+(?:[XYZxyz])?[+(]{0,2}"
)
_PREFIX = re.compile(r"(?:(?<![0-9A-Za-z])[XYZxyz][ \-]?|[+(]{1,2})\Z")


class PersonalData:
    """A rule of text; ``labels`` are the kinds that are looked for."""

    kind = "personal_data"
    in_units = False

    def __init__(self, labels: Collection[str] = USUAL) -> None:
        unknown = sorted(set(labels) - set(LABELS))
        if unknown:
            raise ValueError(f"unknown kinds of personal data: {', '.join(unknown)}")
        self._numbers = tuple(kind for kind in _NUMBERS if kind.label in labels)
        self._finders: list[Callable[[str, int], list[Finding]]] = []
        self._ends: list[Callable[[str], int]] = []
        for label, find, end in (
            ("EMAIL", emails.find_emails, emails.email_open_from),
            ("IBAN", bank_accounts.find_ibans, bank_accounts.iban_open_from),
        ):
            if label in labels:
                self._finders.append(find)
                self._ends.append(end)
        self._machines = frozenset({"IP", "MAC"} & set(labels))
        if self._numbers:
            self._finders.append(self._find_numbers)
            self._ends.append(_number_open_from)
        if self._machines:
            self._finders.append(self._find_machines)
            self._ends.append(addresses.address_open_from)

    def find(self, text: str, start: int = 0) -> list[Finding]:
        """What starts at ``start`` or later: in order, without overlaps."""
        plain = folded(text)
        found = [one for find in self._finders for one in find(plain, start)]
        return without_overlaps(found) if len(found) > 1 else found

    def open_from(self, text: str) -> int:
        """Where what is not yet decided starts."""
        plain = folded(text)
        return min((end(plain) for end in self._ends), default=len(text))

    def _find_numbers(self, text: str, start: int) -> list[Finding]:
        found: list[Finding] = []
        for run in _RUN.finditer(text, start):
            begin = max(start, run.start() - _BEFORE, found[-1].end if found else 0)
            found += _first_of_all(self._numbers, text, begin, run.end() + _BEYOND)
        return found

    def _find_machines(self, text: str, start: int) -> list[Finding]:
        return [one for one in addresses.find_addresses(text, start) if one.label in self._machines]


def _first_of_all(kinds: Sequence[Kind], text: str, start: int, end: int) -> list[Finding]:
    """Again and again the finding that begins first; where several do, of the kind named first."""
    found: list[Finding] = []
    waiting = {place: kind.first(text, start, end) for place, kind in enumerate(kinds)}
    while True:
        for place, one in list(waiting.items()):
            if one is None:
                del waiting[place]
            elif one.start < start:
                waiting[place] = kinds[place].first(text, start, end)
        ready = [(one.start, place) for place, one in waiting.items() if one is not None]
        if not ready:
            return found
        chosen = waiting[min(ready)[1]]
        if chosen is not None:
            found.append(chosen)
            start = chosen.end


def without_overlaps(found: list[Finding]) -> list[Finding]:
    """In order; of those that overlap, the one that begins first, then the longest."""
    kept: list[Finding] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def _number_open_from(text: str) -> int:
    tail = text[: -_TAIL - 1 : -1]
    run = _TAIL_TURNED.match(tail)
    if run:
        return len(text) - run.end()
    prefix = _PREFIX.search(text, max(0, len(text) - 4))
    return prefix.start() if prefix else len(text)

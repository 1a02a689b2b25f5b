"""The text of ``snmpwalk -On``: a type and a value by object identifier.

A value may go on over several lines, in hexadecimal or between quotation marks. What shows that
values are missing or not what was sent is refused with its line: an agent that stopped answering,
a value that is cut, options that leave out the types, names of a MIB in place of numbers, and two
machines in one file. https://net-snmp.sourceforge.io/docs/man/snmpcmd.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sensorium.topology.inventory.model import DamagedError

Values = Mapping[str, tuple[str, str]]
"""Type and text by object identifier, without its first ``1.``."""

_LINE: Final = re.compile(r"(?:\.?1|iso)\.(\d[\d.]*) = ?(.*)")
_BARE: Final = re.compile(r"(?:\.?1|iso)\.\d[\d.]* (?!= |=$)\S")
_NAMED: Final = re.compile(r"(?:[A-Za-z][\w-]*::\w+|\.iso\.[a-z]\w*)[\w.\"'-]* ")
_WRONG: Final = re.compile(r"Wrong Type \(should be [^)]*\): ")
_TYPED: Final = re.compile(r"([A-Za-z][\w-]*|Network Address):(?: (.*))?")
_NUMBERED: Final = re.compile(r"[A-Za-z][\w-]*\((-?\d+)\)")
_ABSENT: Final = ("No Such Object", "No Such Instance", "No more variables left")
_OCTETS: Final = re.compile(r"(?:[0-9A-Fa-f]{2} ?)+")
_STEP: Final = "save it anew with: snmpwalk -v2c -On -c COMMUNITY HOST OID > HOST.txt"


def is_walk(text: str) -> bool:
    """Whether a text has a line as snmpwalk prints them, with or without its options."""
    return any(_LINE.match(one) or _BARE.match(one) or _NAMED.match(one) for one in _lines(text))


def values_of(text: str, wanted: tuple[str, ...]) -> tuple[Values, dict[str, int]]:
    """What is below the ``wanted`` identifiers, and how many lines could not be used, by why.

    DamagedError where values are missing or belong to several machines.
    """
    reading = _Reading(wanted)
    for number, line in enumerate(_lines(text), 1):
        reading.take(number, line.rstrip("\r"))
    reading.end()
    return reading.values, reading.left_out


def _lines(text: str) -> list[str]:
    return text.split("\n")


@dataclass(slots=True)
class _Reading:
    wanted: tuple[str, ...]
    values: dict[str, tuple[str, str]] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    _number: int = 0
    _key: str = ""
    _said: list[str] = field(default_factory=list)
    _open: bool = False  # whether a quotation mark was opened and not closed

    def take(self, number: int, line: str) -> None:
        found = _LINE.fullmatch(line)
        if found is not None:
            self.end()
            self._number, self._key, self._said = number, found[1], [found[2]]
            self._open = _opens(found[2])
        elif line.startswith("Timeout: "):
            raise DamagedError(
                f"is not whole: in line {number} the machine stopped answering", _STEP
            )
        elif _BARE.match(line) and not self._open:
            raise DamagedError(f"has values without a type as of line {number} (-Oq)", _STEP)
        elif _NAMED.match(line) and not self._open:
            raise DamagedError(f"has names for numbers as of line {number}", _STEP)
        elif self._open:
            self._said.append("\n" + line)
            self._open = not _closes(line)
        elif self._goes_on("Hex-STRING:") and _OCTETS.fullmatch(line):
            self._said.append(" " + line)
        elif self._goes_on("STRING:"):
            self._said.append("\n" + line)  # without quotation marks, as a MIB may have it printed
        elif line.strip():
            self._leave_out("snmp lines that are none of a walk")

    def end(self) -> None:
        """Keep the value that was being read."""
        if self._open:
            raise DamagedError(f"is cut in the middle of the value in line {self._number}", _STEP)
        key, said = self._key, _WRONG.sub("", "".join(self._said), count=1)
        self._key, self._said = "", []
        if said.startswith(_ABSENT):
            self._leave_out("snmp objects that the machine does not have")
            return
        if not key.startswith(self.wanted):
            return
        typed = _TYPED.fullmatch(said.partition("\n")[0])
        if typed is None and said not in {"", '""'}:
            raise DamagedError(f"has a value without a type in line {self._number} (-OQ)", _STEP)
        kind = typed[1] if typed else ""
        value = kind, _plain(said.removeprefix(f"{kind}:") if typed else said)
        known = self.values.setdefault(key, value)
        if known != value:
            raise DamagedError(
                f"tells of several machines: line {self._number} says anew what was said before",
                "save the walks of each machine in a file of its own",
            )

    def _goes_on(self, kind: str) -> bool:
        return bool(self._said) and self._said[0].startswith(kind)

    def _leave_out(self, why: str) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + 1


def _opens(said: str) -> bool:
    """Whether a value begins with a quotation mark that its line does not close."""
    quoted = said.partition(": ")[2] if _TYPED.match(said) else said
    return quoted.startswith('"') and not _closes(quoted[1:])


def _closes(text: str) -> bool:
    return re.sub(r"\\.", "", text).rstrip().endswith('"')


def _plain(said: str) -> str:
    """A value without its quotation marks; a number for the word that a MIB has for it."""
    text = said.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.S)
    numbered = _NUMBERED.fullmatch(text)
    return numbered[1] if numbered else text

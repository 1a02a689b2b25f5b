"""The objects of a JSON file: one on each line, or each over several lines, perhaps in a list."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from sensorium.ingest.exports.lines import pieces
from sensorium.ingest.exports.problem import Refusals

Record = dict[str, Any]

_BLOCK = 1 << 20
_LONGEST = 16 << 20
"""What is no whole object after so many characters is malformed, and not waited for."""
_MARGIN = 100
"""Spaces that may stand between the end of a list and that of its object."""
# Lists and commas, and where clouds wrap a list: an object whose only key is "records".
_BETWEEN = re.compile(r'(?:[\s,\[]|\](?:\s*\})?|\{\s*"[Rr]ecords"\s*:\s*\[)*')
_NEXT = re.compile(r"\n\s*(?=\{)")


def on_lines(file: BinaryIO, refused: Refusals) -> Iterator[Record]:
    """The object on each line; a line that is none is counted as ``malformed`` and passed over."""
    for piece in pieces(file):
        for line in piece.splitlines():
            if not line.strip():
                continue
            record = _object(line)
            if record is None:
                refused.add("malformed")
            else:
                yield record


def _object(line: bytes) -> Record | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def over_lines(file: BinaryIO, refused: Refusals) -> Iterator[Record]:
    """Objects that follow each other, whatever stands between them of lists and commas; also those
    of a list that is all of an object, under ``records``.

    What is no object is counted as ``malformed``, and the next is looked for at the beginning of a
    line. The file may be larger than memory, an object up to sixteen million characters.
    """
    decoder, text, at = json.JSONDecoder(), _Text(file), 0
    while True:
        at = text.between(at)
        if at == len(text.held):
            return
        try:
            found, end = decoder.raw_decode(text.held, at)
        except (ValueError, RecursionError):
            if len(text.held) - at < _LONGEST:
                grown, at = text.more(at), 0
                if grown:
                    continue
            refused.add("malformed")
            at = text.next_object(at)
            continue
        at = end
        if isinstance(found, dict):
            yield found
        else:
            refused.add("malformed")


class _Text:
    """A file's text, a block at a time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self.held = ""

    def more(self, at: int) -> bool:
        """Whether there was another block; what stood before ``at`` is gone."""
        block = self._file.read(_BLOCK)
        self.held = self.held[at:] + self._decoder.decode(block, final=not block)
        return bool(block)

    def between(self, at: int) -> int:
        """Where something else than lists, commas and spaces stands; the end if nothing does."""
        while True:
            match = _BETWEEN.match(self.held, at)
            end = at if match is None else match.end()
            # The object that a list is all of may end in the next block.
            list_end = self.held.rfind("]", max(at, end - _MARGIN), end)
            open_end = list_end >= 0 and not self.held[list_end + 1 : end].strip()
            if end < len(self.held) or not self.more(list_end if open_end else end):
                return min(end, len(self.held))
            at = 0

    def next_object(self, at: int) -> int:
        """Where the next line that begins an object does; the end if none does."""
        while True:
            match = _NEXT.search(self.held, at)
            if match is not None:
                return match.end()
            # A line that has only begun may be the one.
            begun = self.held.rfind("\n", max(at, len(self.held.rstrip())))
            if not self.more(begun if begun >= 0 else len(self.held)):
                return len(self.held)
            at = 0

"""Secrets of all forms in one pass."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from sensorium.gateway.guardrails.rule import Finding
from sensorium.gateway.guardrails.secrets import assignments, private_keys, shapes

LABELS: Final = (*dict.fromkeys(shape.label for shape in shapes.SHAPES), "PRIVATE_KEY", "SECRET")

# What ends every form but a private key; the last word is what stands after the last of these.
_WORD_TURNED = re.compile(r"[^\s\"'`<>(){}\[\],;]*")
_START = 64  # a word this short may yet become anything


class Secrets:
    """A rule of text; ``labels`` are the forms that are looked for."""

    kind = "secrets"
    in_units = False

    def __init__(self, labels: Collection[str] = LABELS) -> None:
        unknown = sorted(set(labels) - set(LABELS))
        if unknown:
            raise ValueError(f"unknown kinds of secrets: {', '.join(unknown)}")
        self._shapes = tuple(shape for shape in shapes.SHAPES if shape.label in labels)
        self._keys = "PRIVATE_KEY" in labels
        self._assigned = "SECRET" in labels

    def find(self, text: str, start: int = 0) -> list[Finding]:
        """What starts at ``start`` or later: in order, without overlaps."""
        found: list[Finding] = []
        for shape in self._shapes:
            if shape.literal in text:
                found += _spans(shape, text, start)
        if self._keys and private_keys.LITERAL in text:
            found += private_keys.find_private_keys(text, start)
        if self._assigned:
            lowered = text.lower()
            if len(lowered) != len(text):  # a letter whose small form is longer
                lowered = text
            found += assignments.find_assignments(text, lowered, start)
        return _without_overlaps(found) if len(found) > 1 else found

    def open_from(self, text: str) -> int:
        """Where what is not yet decided starts."""
        end = self._word_open_from(text)
        if self._keys:
            end = min(end, private_keys.private_key_open_from(text))
        return min(end, assignments.assignment_open_from(text)) if self._assigned else end

    def _word_open_from(self, text: str) -> int:
        run = _WORD_TURNED.match(text[: -shapes.LONGEST - 1 : -1])
        begin = len(text) - (len(run[0]) if run else 0)
        if len(text) - begin <= _START:
            return begin
        places = [text.find(shape.literal, begin) for shape in self._shapes]
        first = min((at for at in places if at >= 0), default=len(text))
        return max(begin, min(first, len(text) - _START) - shapes.LITERAL)


def _spans(shape: shapes.Shape, text: str, start: int) -> list[Finding]:
    if "value" not in shape.pattern.groupindex:
        return [Finding(*one.span(), shape.label) for one in shape.pattern.finditer(text, start)]
    # What shows that it is a secret may stand before it, and before `start`.
    found = shape.pattern.finditer(text, max(0, start - shapes.BEFORE_VALUE))
    spans = [Finding(*one.span("value"), shape.label) for one in found]
    return [one for one in spans if one.start >= start]


def _without_overlaps(found: list[Finding]) -> list[Finding]:
    kept: list[Finding] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept

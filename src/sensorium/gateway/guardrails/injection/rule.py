"""Signs of prompt injection, summed up for each stretch of a text.

What is scored is a text by itself and, where it is long, each stretch of it, so that neither a long
conversation nor a long document is suspicious by its length. What tools gave back weighs more:
nobody who may instruct the model wrote it. What it cannot do: recognise an injection that uses none
of these signs. It is one layer, not a proof.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from sensorium.gateway.guardrails.config import InjectionConfig
from sensorium.gateway.guardrails.context import Context
from sensorium.gateway.guardrails.injection.signals import HIDDEN, SIGNALS, STRETCH
from sensorium.gateway.guardrails.injection.unmasking import as_written, hidden, readable
from sensorium.gateway.guardrails.json_text import view
from sensorium.gateway.guardrails.places import Fragment, Place
from sensorium.gateway.guardrails.rule import Judgement, Meter, Subject

# A caller's own instructions say such things with right.
_TRUSTED = frozenset({Place.SYSTEM})
_FROM_TOOLS = frozenset({Place.RESULT, Place.OPAQUE})


class Injection:
    """A whole rule."""

    kind = "injection"

    def __init__(self, config: InjectionConfig) -> None:
        self._config = config

    def meter(self) -> Meter | None:
        """Signs add up over the whole."""
        return None

    async def judge(self, subject: Subject, context: Context) -> Judgement | None:
        """Whether any one text reaches the threshold; the labels are its signs."""
        for fragment in subject.fragments:
            if fragment.place not in _TRUSTED:
                signs, score = self.score(fragment)
                if score >= self._config.threshold:
                    return Judgement("it reads like an injection", dict(Counter(signs)))
        return None

    def score(self, fragment: Fragment) -> tuple[list[str], float]:
        """The signs in the worst stretch of a text, and the sum of their weights."""
        text = view(fragment.text).text if fragment.json else fragment.text
        foreign = fragment.place in _FROM_TOOLS
        weights = _signs(text, foreign=foreign)
        for how, said in hidden(text):
            for label, weight in _signs(said, foreign=foreign).items():
                if label not in weights:
                    weights[f"{how}:{label}"] = weight * HIDDEN
        factor = self._config.tool_result_weight if foreign else 1.0
        return sorted(weights), sum(weights.values()) * factor


def _by_need() -> dict[str, list[int]]:
    """For each word the places in the table of the signs that need it."""
    found: dict[str, list[int]] = {}
    for place, signal in enumerate(SIGNALS):
        for word in signal.needs:
            found.setdefault(word, []).append(place)
    return found


_BY_NEED: Final = _by_need()
_BEGUN: Final = tuple(word for word in _BY_NEED if word[0] == " ")
_INSIDE: Final = tuple(word for word in _BY_NEED if word[0] != " ")
# An ASCII text holds no other words: there is no need to look for them.
_ASCII: Final = tuple(word for word in _INSIDE if word.isascii())
_BEFORE_WORDS: Final = str.maketrans(dict.fromkeys("\n\t\"'([{<>*_#:;,.!-/", " "))


def _signs(text: str, *, foreign: bool) -> dict[str, float]:
    """The signs of the stretch that has the most, with their weights."""
    written, read = as_written(text), readable(text)
    small = read.lower() if read is written else f"{written.lower()}\n{read.lower()}"
    begun = f" {small.translate(_BEFORE_WORDS)}"  # where each word has a space before it
    inside = _ASCII if small.isascii() else _INSIDE
    present = [word for word in inside if word in small]
    present += [word for word in _BEGUN if word in begun]
    places = {place for word in present for place in _BY_NEED[word]}
    # By halves of a stretch: what lies together is in one half or in two that follow each other.
    halves: dict[int, dict[str, float]] = {}
    for place in places:
        signal = SIGNALS[place]
        if signal.only_results and not foreign:
            continue
        if signal.also and not any(
            word in (begun if word[0] == " " else small) for word in signal.also
        ):
            continue
        for match in signal.pattern.finditer(written if signal.as_written else read):
            half = halves.setdefault(match.start() // (STRETCH // 2), {})
            half[signal.label] = max(signal.weight, half.get(signal.label, 0.0))
    return _worst(halves)


def _worst(halves: dict[int, dict[str, float]]) -> dict[str, float]:
    worst: dict[str, float] = {}
    for number, half in halves.items():
        both = dict(half)
        for label, weight in halves.get(number + 1, {}).items():
            both[label] = max(weight, both.get(label, 0.0))
        if sum(both.values()) > sum(worst.values()):
            worst = both
    return worst

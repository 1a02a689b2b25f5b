"""Signs of prompt injection, summed up for each text.

What is scored is a text by itself, so that a long conversation is not suspicious by its length.
What tools gave back weighs more: nobody who may instruct the model wrote it. What it cannot do:
recognise an injection that uses none of these signs. It is one layer, not a proof.
"""

from __future__ import annotations

from collections import Counter

from sensorium.gateway.guardrails.config import InjectionConfig
from sensorium.gateway.guardrails.decision import Context
from sensorium.gateway.guardrails.injection.signals import HIDDEN, SIGNALS
from sensorium.gateway.guardrails.injection.unmasking import hidden, readable
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
        """The signs in a text, and the sum of their weights."""
        text = view(fragment.text).text if fragment.json else fragment.text
        foreign = fragment.place in _FROM_TOOLS
        plain = readable(text)
        weights = _signs(plain, foreign=foreign)
        for how, said in hidden(plain):
            for label, weight in _signs(readable(said), foreign=foreign).items():
                if label not in weights:
                    weights[f"{how}:{label}"] = weight * HIDDEN
        factor = self._config.tool_result_weight if foreign else 1.0
        return sorted(weights), sum(weights.values()) * factor


def _signs(text: str, *, foreign: bool) -> dict[str, float]:
    weights: dict[str, float] = {}
    lowered = text.lower()
    for signal in SIGNALS:
        if signal.only_results and not foreign:
            continue
        if any(word in lowered for word in signal.needs) and signal.pattern.search(text):
            weights[signal.label] = max(signal.weight, weights.get(signal.label, 0.0))
    return weights

"""Words and phrases of which the user's last words must hold one."""

from __future__ import annotations

from collections.abc import Iterable

from sensorium.gateway.guardrails.context import Context
from sensorium.gateway.guardrails.json_text import view
from sensorium.gateway.guardrails.phrases import any_of, phrase_list, plain
from sensorium.gateway.guardrails.places import Fragment, Place
from sensorium.gateway.guardrails.rule import Judgement, Meter, Subject


class AllowedTopics:
    """A whole rule. Of an answer it looks at what the model says."""

    kind = "allowed_topics"

    def __init__(self, phrases: Iterable[str]) -> None:
        self._any = any_of(phrase_list(phrases))

    def meter(self) -> Meter | None:
        """Only the whole can be without any of them."""
        return None

    async def judge(self, subject: Subject, context: Context) -> Judgement | None:
        """Whether none of the phrases occurs."""
        texts = [view(one.text).text if one.json else one.text for one in _last(subject.fragments)]
        if any(self._any.search(plain(text)) for text in texts):
            return None
        return Judgement("it is about nothing that may be asked here", {"OFF_TOPIC": 1})


def _last(fragments: Iterable[Fragment]) -> list[Fragment]:
    """The last run of what a user says; of an answer, all of it."""
    said = [one for one in fragments if one.place in {Place.USER, Place.ASSISTANT}]
    users = [place for place, one in enumerate(said) if one.place is Place.USER]
    if not users:
        return said
    first = users[-1]
    while first and said[first - 1].place is Place.USER:
        first -= 1
    return said[first : users[-1] + 1]

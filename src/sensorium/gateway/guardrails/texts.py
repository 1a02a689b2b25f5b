"""Rules of text over all places of a request or an answer, and what is masked in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from sensorium.gateway.conversation import Conversation
from sensorium.gateway.guardrails.bound import Finders
from sensorium.gateway.guardrails.json_text import escaped, view
from sensorium.gateway.guardrails.placeholders import Placeholders, Restorer
from sensorium.gateway.guardrails.places import FIXED, Fragment, Place, rewritten
from sensorium.gateway.guardrails.window import Hit, rewrite
from sensorium.gateway.reply import Answer, Reply

S = TypeVar("S", Conversation, Reply)
# Where dialects repeat an answer token by token, so that no pattern is seen there.
_TOLD = frozenset({"logprobs", "logprobsResult"})
# Parts the texts when all are looked through at once: no pattern holds this character.
_BETWEEN = "\n\x00\n"


def all_text(fragments: Sequence[Fragment]) -> str:
    """The texts as their readers will see them, one after the other."""
    return _BETWEEN.join([view(one.text).text if one.json else one.text for one in fragments])


def anything_found(finders: Sequence[Finders], fragments: Sequence[Fragment]) -> bool:
    """Whether it is worth looking again, text by text: most requests are clean."""
    text = all_text(fragments)
    return any(finder.find(text) for finder in finders)


def masked_text(fragment: Fragment, finders: Sequence[Finders], made: Placeholders) -> str:
    """One text, with what is to be masked masked. Raises where a rule blocks."""

    def decide(hit: Hit) -> str | None:
        finder = finders[hit.finder]
        if not finder.note(hit.finding):
            return None
        if fragment.place in FIXED:
            where = "a name" if fragment.place is Place.NAME else "an address"
            raise finder.look.blocked(
                f"{hit.finding.label} was found in {where}, where it cannot be masked"
            )
        restore = finder.look.bound.restore
        return made.stand_in(hit.finding.label, hit.text, restore=restore)

    return rewrite(fragment.text, finders, decide, json=fragment.json)


def masked(subject: S, finders: Sequence[Finders], made: Placeholders) -> S:
    """The request or the answer, with what is to be masked masked."""
    return rewritten(subject, lambda fragment: masked_text(fragment, finders, made))


def masked_reply(reply: Reply, finders: Sequence[Finders], made: Placeholders) -> Reply:
    """The answer, with what is to be masked masked, also where it is told token by token."""
    seen = masked(reply, finders, made)
    if seen is reply:
        return reply
    pairs = zip(seen.answers, reply.answers, strict=True)
    answers = [new if new.parts is old.parts else _untold(new) for new, old in pairs]
    return replace(seen, answers=tuple(answers))


def _untold(answer: Answer) -> Answer:
    told = answer.extra or {}
    if not _TOLD & told.keys():
        return answer
    return replace(answer, extra={name: told[name] for name in told if name not in _TOLD})


def restored(reply: Reply, restore: Restorer) -> Reply:
    """The answer with what was masked in the request put back."""

    def visit(fragment: Fragment) -> str:
        return restored_text(fragment.text, restore, json=fragment.json)

    return rewritten(reply, visit)


def restored_text(text: str, restore: Restorer, *, json: bool) -> str:
    """One text with what was masked in the request put back."""
    return rewrite(text, (restore,), put_back(restore, json=json), json=json)


class put_back:  # noqa: N801  a function with its dependency, as `functools.partial` is one
    """Decides for a window what stands for a placeholder."""

    def __init__(self, restore: Restorer, *, json: bool) -> None:
        self._values = restore.values
        self._json = json

    def __call__(self, hit: Hit) -> str:
        value = self._values[hit.text]
        return escaped(value) if self._json else value

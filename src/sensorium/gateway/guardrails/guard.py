"""The guard of one gateway: all rules, at all stages, on every route.

``before`` and ``before_texts`` look at a request, ``beside`` at a request while its call runs,
``after`` at a whole answer and ``stream`` at an answer in pieces. Whatever is decided is counted,
by rule, and never with content.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING

from sensorium.gateway.conversation import Conversation
from sensorium.gateway.guardrails.bound import BlockedError, Bound
from sensorium.gateway.guardrails.decision import (
    Blocked,
    Context,
    Passed,
    PassedReply,
    PassedTexts,
    Stage,
)
from sensorium.gateway.guardrails.looks import Looks
from sensorium.gateway.guardrails.placeholders import Placeholders, Restorer
from sensorium.gateway.guardrails.places import Fragment, Place, fragments_of
from sensorium.gateway.guardrails.rule import Subject
from sensorium.gateway.guardrails.stream import StreamGuard
from sensorium.gateway.guardrails.texts import (
    anything_found,
    masked,
    masked_reply,
    masked_text,
    restored,
)
from sensorium.gateway.reply import Reply

if TYPE_CHECKING:
    from sensorium.observe import Observe


class Guard:
    """All rules of a gateway. ``version`` changes with the rules and their settings."""

    def __init__(self, bounds: Sequence[Bound], observe: Observe, version: str = "") -> None:
        self.version = version
        self._bounds = tuple(bounds)
        self._chosen: dict[tuple[Stage, str], tuple[Bound, ...]] = {}
        self._routes = frozenset(route for bound in bounds for route in bound.config.routes)
        self._decisions = observe.counter(
            "sensorium_gateway_guardrail_decisions",
            "What guardrails decided, one for each rule that looked",
            ("rule", "kind", "stage", "outcome"),
        )

    @property
    def is_idle(self) -> bool:
        """Whether there is no rule at all."""
        return not self._bounds

    def rules(self, stage: Stage, route: str) -> tuple[Bound, ...]:
        """The rules that look at this stage of a call of this route."""
        key = (stage, route if route in self._routes else "")
        if key not in self._chosen:
            self._chosen[key] = tuple(one for one in self._bounds if one.covers(*key))
        return self._chosen[key]

    async def before(self, conversation: Conversation, context: Context) -> Passed | Blocked:
        """Look at a request. Only ``conversation`` of the answer may go on."""
        looks = Looks(Stage.BEFORE, self.rules(Stage.BEFORE, context.route))
        if not looks.all:
            return Passed(conversation)
        try:
            fragments = fragments_of(conversation)
            made: Placeholders | None = None
            if looks.finders and anything_found(looks.finders, fragments):
                made = Placeholders(one.text for one in fragments)
                conversation = masked(conversation, looks.finders, made)
            if looks.wholes:
                await looks.judge(_subject(conversation), context)
        except BlockedError as error:
            return error.blocked
        finally:
            self.count(looks)
        restore = Restorer(made.restorable) if made is not None and made.restorable else None
        return Passed(conversation, restore, looks.flags())

    async def before_texts(
        self, texts: Sequence[str | tuple[int, ...]], context: Context
    ) -> PassedTexts | Blocked:
        """Look at texts to embed. Over token ids, which no rule reads, rules fail by setting."""
        looks = Looks(Stage.BEFORE, self.rules(Stage.BEFORE, context.route))
        passed = list(texts)
        try:
            made = Placeholders(one for one in texts if isinstance(one, str))
            for place, text in enumerate(texts):
                if isinstance(text, str):
                    fragment = Fragment(text, Place.USER)
                    passed[place] = masked_text(fragment, looks.finders, made)
                else:
                    for look in looks.all:
                        look.failed()
            written = [Fragment(one, Place.USER) for one in passed if isinstance(one, str)]
            await looks.judge(Subject(written), context)
        except BlockedError as error:
            return error.blocked
        finally:
            self.count(looks)
        return PassedTexts(tuple(passed), looks.flags())

    def beside(self, conversation: Conversation, context: Context) -> Awaitable[Blocked | None]:
        """Look at a request (what ``before`` let pass) while its call runs."""
        return self._beside(conversation, context)

    async def _beside(self, conversation: Conversation, context: Context) -> Blocked | None:
        looks = Looks(Stage.BESIDE, self.rules(Stage.BESIDE, context.route))
        if not looks.all:
            return None
        try:
            subject = _subject(conversation)
            if looks.finders and anything_found(looks.finders, subject.fragments):
                masked(conversation, looks.finders, Placeholders())
            await looks.judge(subject, context)
        except BlockedError as error:
            return error.blocked
        finally:
            self.count(looks)
        return None

    async def after(
        self, reply: Reply, context: Context, restore: Restorer | None = None
    ) -> PassedReply | Blocked:
        """Look at an answer, then put back what was masked in its request."""
        looks = Looks(Stage.AFTER, self.rules(Stage.AFTER, context.route))
        try:
            if looks.all:
                fragments = fragments_of(reply)
                if looks.finders and anything_found(looks.finders, fragments):
                    reply = masked_reply(
                        reply, looks.finders, Placeholders(restore.values if restore else ())
                    )
                if looks.wholes:
                    await looks.judge(_subject(reply), context)
        except BlockedError as error:
            return error.blocked
        finally:
            self.count(looks)
        return PassedReply(restored(reply, restore) if restore else reply, looks.flags())

    def stream(self, context: Context, restore: Restorer | None = None) -> StreamGuard:
        """Look at an answer in pieces, and put back what was masked in its request."""
        looks = Looks(Stage.AFTER, self.rules(Stage.AFTER, context.route))
        return StreamGuard(looks, context, restore, self.count)

    def count(self, looks: Looks) -> None:
        """Count what each rule decided."""
        for look in looks.all:
            self._decisions.labels(look.bound.name, look.bound.kind, look.stage, look.outcome).inc()


def _subject(of: Conversation | Reply) -> Subject:
    if isinstance(of, Conversation):
        return Subject(fragments_of(of), len(of.messages), len(of.tools))
    return Subject(fragments_of(of))

"""The guard of one gateway: all rules, at all stages, on every route.

``before`` and ``before_texts`` look at a request, ``beside`` at a request while its call runs,
``after`` at a whole answer and ``stream`` at an answer in pieces. Whatever is decided is counted,
by rule, and never with content.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from sensorium.gateway.conversation import Conversation
from sensorium.gateway.guardrails.bound import BlockedError, Bound
from sensorium.gateway.guardrails.context import Context
from sensorium.gateway.guardrails.decision import Blocked, Passed, PassedReply, PassedTexts, Stage
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

T = TypeVar("T")
# Threads in which rules that wait are asked; what is more queues up for one of them.
_THREADS: Final = 16


class Guard:
    """All rules of a gateway. ``version`` changes with the rules and their settings."""

    def __init__(
        self,
        bounds: Sequence[Bound],
        observe: Observe,
        version: str = "",
        release: Callable[[], None] = lambda: None,
    ) -> None:
        self.version = version
        self._release = release
        self._bounds = tuple(bounds)
        self._chosen: dict[tuple[Stage, str], tuple[Bound, ...]] = {}
        self._routes = frozenset(route for bound in bounds for route in bound.config.routes)
        self._threads: ThreadPoolExecutor | None = None
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

    def close(self) -> None:
        """Let go what rules hold: processes, threads. More than once does nothing."""
        self._release()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def before(self, conversation: Conversation, context: Context) -> Passed | Blocked:
        """Look at a request. Only ``conversation`` of the answer may go on."""
        looks = Looks(Stage.BEFORE, self.rules(Stage.BEFORE, context.route))
        if not looks.all:
            return Passed(conversation)
        try:
            made = Placeholders()
            if looks.finders:
                conversation, made = await self._apart(looks, partial(_masked, looks, conversation))
            if looks.wholes:
                await looks.judge(_subject(conversation), context)
        except BlockedError as error:
            return error.blocked
        finally:
            self.count(looks)
        restore = Restorer(made.restorable) if made.restorable else None
        return Passed(conversation, restore, looks.flags())

    async def before_texts(
        self, texts: Sequence[str | tuple[int, ...]], context: Context
    ) -> PassedTexts | Blocked:
        """Look at texts to embed. Over token ids, which no rule reads, rules fail by setting."""
        looks = Looks(Stage.BEFORE, self.rules(Stage.BEFORE, context.route))
        try:
            passed = await self._apart(looks, partial(_masked_texts, looks, texts))
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
            if looks.finders:
                await self._apart(looks, partial(_masked, looks, conversation))
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
                if looks.finders:
                    reply = await self._apart(looks, partial(_masked_reply, looks, reply, restore))
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
        return StreamGuard(looks, context, restore, self.count, partial(self._apart, looks))

    def count(self, looks: Looks) -> None:
        """Count what each rule decided."""
        for look in looks.all:
            self._decisions.labels(look.bound.name, look.bound.kind, look.stage, look.outcome).inc()

    async def _apart(self, looks: Looks, work: Callable[[], T]) -> T:
        """Do the work, apart from the event loop where a rule of it waits."""
        if not looks.waits:
            return work()
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, "guardrails")
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _masked(looks: Looks, conversation: Conversation) -> tuple[Conversation, Placeholders]:
    fragments = fragments_of(conversation)
    if not anything_found(looks.finders, fragments):
        return conversation, Placeholders()
    made = Placeholders(one.text for one in fragments)
    return masked(conversation, looks.finders, made), made


def _masked_texts(
    looks: Looks, texts: Sequence[str | tuple[int, ...]]
) -> list[str | tuple[int, ...]]:
    passed = list(texts)
    made = Placeholders(one for one in texts if isinstance(one, str))
    for place, text in enumerate(texts):
        if isinstance(text, str):
            passed[place] = masked_text(Fragment(text, Place.USER), looks.finders, made)
        else:
            for look in looks.all:
                look.failed()
    return passed


def _masked_reply(looks: Looks, reply: Reply, restore: Restorer | None) -> Reply:
    if not anything_found(looks.finders, fragments_of(reply)):
        return reply
    return masked_reply(reply, looks.finders, Placeholders(restore.values if restore else ()))


def _subject(of: Conversation | Reply) -> Subject:
    if isinstance(of, Conversation):
        return Subject(fragments_of(of), len(of.messages), len(of.tools))
    return Subject(fragments_of(of))

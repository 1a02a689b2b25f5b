"""The trip of one chat request: guarded, sent, tried elsewhere where it fails, answered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from sensorium.gateway.calls.attempt import Attempt
from sensorium.gateway.calls.behalf import ON_BEHALF
from sensorium.gateway.calls.journey import Journey
from sensorium.gateway.calls.kept import CacheAttempt, Kept, ReplaySource
from sensorium.gateway.calls.naming import named
from sensorium.gateway.calls.rejection import from_blocked
from sensorium.gateway.calls.rendering import body_for
from sensorium.gateway.calls.source import Source
from sensorium.gateway.calls.streamed import Streamed
from sensorium.gateway.calls.whole import Whole
from sensorium.gateway.dialects.failures import unreadable
from sensorium.gateway.dialects.tokens import LOW_DETAIL, estimate_tokens, pictures
from sensorium.gateway.events import Frame
from sensorium.gateway.failure import CallFailedError
from sensorium.gateway.guardrails.context import Context
from sensorium.gateway.guardrails.decision import Blocked, Stage
from sensorium.gateway.provider import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.gateway.calls.ask import Ask
    from sensorium.gateway.calls.facts import Facts
    from sensorium.gateway.calls.parts import Parts
    from sensorium.gateway.conversation import Conversation
    from sensorium.gateway.guardrails.placeholders import Restorer
    from sensorium.gateway.ledger import Scopes
    from sensorium.gateway.ledger.prices.entry import Entry
    from sensorium.gateway.reply import Reply
    from sensorium.gateway.routing.way import Step

A = TypeVar("A")


class Trip:
    """One request on its way. Used once."""

    def __init__(self, parts: Parts, ask: Ask, facts: Facts) -> None:
        self._parts = parts
        self._ask = ask
        self._facts = facts
        self._conversation: Conversation = ask.conversation
        self._context = Context(ask.conversation.model, "chat", ask.caller.privacy_class)
        self._restore: Restorer | None = None
        self._kept: Kept | None = None
        self._pictures = 0
        self._beside: asyncio.Future[Blocked | None] | None = None

    async def answer(self) -> Whole | Streamed:
        """The answer, or ``RejectedError``."""
        parts, ask = self._parts, self._ask
        tokens = estimate_tokens(self._conversation)
        # Fewer tokens are no picture's, and nobody need look for one.
        self._pictures = pictures(self._conversation) if tokens > LOW_DETAIL else 0
        journey = Journey(parts, ask.caller, self._facts, tokens, self._conversation.user)
        journey.check_model(self._conversation.model)
        ON_BEHALF.set(ask.caller.privacy_class)
        await self._guard()
        may_cache = parts.confinement.may_cache(ask.caller.privacy_class)
        if may_cache and parts.cache.takes(self._conversation):
            found = await self._from_cache(journey.scopes)
            if found is not None:
                return found
        group, why = parts.router.resolve(self._conversation, ask.task, tokens)
        try:
            send = self._stream if self._conversation.stream else self._whole
            return await journey.go(group, why, self._prepared, send)
        finally:
            if self._beside is not None and not self._beside.done():
                self._beside.cancel()

    async def _guard(self) -> None:
        guard = self._parts.guard
        if guard.is_idle:
            return
        passed = await guard.before(self._conversation, self._context)
        if isinstance(passed, Blocked):
            raise from_blocked(passed)
        self._conversation = passed.conversation
        self._restore = passed.restore
        self._facts.guardrails = tuple(map(str, passed.flags))
        if guard.rules(Stage.BESIDE, self._context.route):
            self._beside = asyncio.ensure_future(guard.beside(self._conversation, self._context))

    async def _from_cache(self, scopes: Scopes) -> Whole | Streamed | None:
        parts, facts, caller = self._parts, self._facts, self._ask.caller
        policy = parts.confinement.name(caller.privacy_class)
        self._kept = Kept(parts, self._conversation, caller.scopes, policy)
        reply = await self._kept.find()
        facts.cache = "miss" if reply is None else "hit"
        if reply is None:
            return None
        attempt = CacheAttempt(parts, facts)
        await attempt.open(scopes, caller.privacy_class)
        if self._conversation.stream:
            await self._await_beside()
            return self._streamed(attempt, ReplaySource(reply), [], "")
        attempt.answered(None)
        return await self._checked(attempt, reply, None)

    def _prepared(self, step: Step) -> tuple[Mapping[str, Any], int | None, int]:
        """The body for a step, the most tokens of its answer where that is known, and how many
        more than estimated its pictures may be read as."""
        config = step.deployment.config
        conversation = self._conversation
        asked = conversation.max_output_tokens
        added = config.max_output_tokens or None if asked is None else None
        most = asked if asked is not None else added
        dialect = self._parts.providers[config.provider].dialect
        body = body_for(self._ask, conversation, dialect, config.model, added)
        choices, seen = conversation.choices, self._pictures
        if not seen and (choices == 1 or most is not None):
            return body, None if most is None else most * choices, 0
        entry = self._entry(step)
        if choices > 1 and most is None:
            most = self._parts.config.unknown_max_output_tokens if entry is None else entry.longest
        more = 0 if entry is None else seen * entry.picture
        return body, None if most is None else most * choices, more

    def _entry(self, step: Step) -> Entry | None:
        config = step.deployment.config
        kind = self._parts.providers[config.provider].kind
        return self._parts.prices.entry(kind, config.price_as or config.model)

    def _call(self, attempt: Attempt, body: Mapping[str, Any], left_s: float) -> Call:
        stream = self._conversation.stream
        first = attempt.first_byte_limit if stream else left_s
        return Call(
            operation="chat",
            model=attempt.deployment.config.model,
            body=body,
            stream=stream,
            timeout_s=left_s,
            first_byte_s=min(first, left_s),
            headers=self._ask.headers,
        )

    async def _whole(self, attempt: Attempt, body: Mapping[str, Any], left_s: float) -> Whole:
        try:
            answer = await attempt.provider.send(self._call(attempt, body, left_s))
            try:
                attempt.first_byte()
                data = await answer.body()
                attempt.arrived()
            finally:
                await answer.aclose()
            reply = _reply(attempt, data)
        except CallFailedError as error:
            attempt.failed(error.failure)
            raise
        except BaseException:
            attempt.abandoned()
            raise
        attempt.answered(reply.usage, seen=len(data))
        if self._kept is not None:
            self._kept.keep(reply)
        same = attempt.provider.dialect.name == self._ask.dialect
        return await self._checked(attempt, reply, data if same else None)

    async def _checked(
        self, attempt: Attempt | CacheAttempt, reply: Reply, data: bytes | None
    ) -> Whole:
        """What the guardrails leave of the answer."""
        parts = self._parts
        if not parts.guard.is_idle:
            await self._await_beside()
            passed = await parts.guard.after(reply, self._context, self._restore)
            if isinstance(passed, Blocked):
                raise from_blocked(passed)
            self._facts.guardrails += tuple(map(str, passed.flags))
            if passed.reply is not reply:
                reply, data = passed.reply, None
        self._facts.outcome = "ok"
        parts.background.soon(parts.measures.ended, self._facts, parts.clock.now(), attempt.kind)
        if data is not None:
            return Whole(reply, self._facts, data)
        return Whole(named(reply, self._facts, parts.clock.wall_ns()), self._facts)

    async def _stream(self, attempt: Attempt, body: Mapping[str, Any], left_s: float) -> Streamed:
        source: Source | None = None
        try:
            answer = await attempt.provider.send(self._call(attempt, body, left_s))
            attempt.first_byte()
            source = Source(answer, attempt.provider.dialect)
            first = await source.begin()
            attempt.arrived()
            await self._await_beside()
        except CallFailedError as error:
            attempt.failed(error.failure, usage=source.usage if source else None)
            if source is not None:
                await source.close()
            raise
        except BaseException:
            attempt.abandoned(
                usage=source.usage if source else None, seen=source.seen if source else 0
            )
            if source is not None:
                await source.close()
            raise
        return self._streamed(attempt, source, first, attempt.provider.dialect.name)

    def _streamed(
        self,
        attempt: Attempt | CacheAttempt,
        source: Source | ReplaySource,
        first: list[Frame],
        dialect: str,
    ) -> Streamed:
        parts, conversation = self._parts, self._conversation
        guard = parts.guard.stream(self._context, self._restore)
        door = parts.dialects.get(self._ask.dialect)
        same = dialect == self._ask.dialect
        kept = self._kept if dialect else None
        return Streamed(
            parts,
            attempt,
            self._facts,
            source,
            first,
            writer=door.stream_writer(usage=conversation.stream_usage) if door else None,
            guard=None if guard.idle else guard,
            gatherer=kept.gathering(dialect) if kept is not None else None,
            verbatim=same and bool(dialect) and guard.idle,
            hide_usage=same and not conversation.stream_usage,
        )

    async def _await_beside(self) -> None:
        if self._beside is None:
            return
        blocked = await self._beside
        if blocked is not None:
            raise from_blocked(blocked)


def _reply(attempt: Attempt, data: bytes) -> Reply:
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise unreadable("it is not JSON") from None
    return attempt.provider.dialect.parse_reply(body)

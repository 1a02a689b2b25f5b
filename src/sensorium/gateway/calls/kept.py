"""Answers from the cache: looked up before a provider is asked, and kept after it answered.

What is kept is the provider's own reply to the request as it went out; guardrails look at it again
for each caller. Nobody gets what another tenant's request brought in.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sensorium.gateway.calls.rejection import RejectedError, from_refused
from sensorium.gateway.events import Event, Frame
from sensorium.gateway.ledger import Claim, Cost, Outcome, Refused
from sensorium.gateway.replay import Gathering, events_of, streamable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sensorium.gateway.calls.facts import Facts
    from sensorium.gateway.calls.parts import Parts
    from sensorium.gateway.conversation import Conversation
    from sensorium.gateway.failure import Failure
    from sensorium.gateway.ledger import Scopes
    from sensorium.gateway.reply import Reply, Usage

CACHE = "cache"


def tenant_of(scopes: Scopes) -> str:
    """Who may share answers: a team of an organisation, else a user, else the key alone."""
    if scopes.team_id:
        return f"team:{scopes.organisation_id}/{scopes.team_id}"
    if scopes.user_id:
        return f"user:{scopes.organisation_id}/{scopes.user_id}"
    return f"key:{scopes.organisation_id}/{scopes.key_id}"


class Kept:
    """The cache, as one request sees it."""

    def __init__(
        self, parts: Parts, conversation: Conversation, scopes: Scopes, policy: str
    ) -> None:
        self._parts = parts
        self._conversation = conversation
        self._for = (tenant_of(scopes), policy, parts.guard.version)
        self._key = parts.cache.key(conversation, *self._for)

    async def find(self) -> Reply | None:
        """An answer that was given before, to this request or one very like it."""
        cache = self._parts.cache
        reply = await cache.get(self._key)
        if reply is None:
            with self._unhindered():
                reply = await cache.get_similar(self._conversation, *self._for)
        if reply is not None and self._conversation.stream and not streamable(reply):
            return None
        return reply

    def keep(self, reply: Reply) -> None:
        """Keep an answer; nobody waits for it."""
        self._parts.background.start(self._keep(reply))

    async def _keep(self, reply: Reply) -> None:
        cache = self._parts.cache
        await cache.put(self._key, reply)
        with self._unhindered():
            await cache.put_similar(self._conversation, *self._for, reply)

    @contextmanager
    def _unhindered(self) -> Iterator[None]:
        """A model that embeds and fails, or may not see this data, makes a cache miss."""
        try:
            yield
        except RejectedError as error:
            self._parts.measures.not_embedded(error.code)

    def gathering(self, dialect: str) -> Gatherer:
        """What puts a streamed answer together, to be kept."""
        return Gatherer(self, dialect)


class Gatherer:
    """Sees a stream's frames go by; keeps the answer when it was whole."""

    def __init__(self, kept: Kept, dialect: str) -> None:
        self._kept = kept
        self._dialect = dialect
        self._gathering = Gathering()

    def see(self, frames: Iterable[Frame]) -> None:
        """The next frames."""
        for frame in frames:
            for event in frame.events:
                self._gathering.feed(event)

    def finish(self) -> None:
        """The stream ended well."""
        reply = self._gathering.reply(self._dialect)
        if reply is not None:
            self._kept.keep(reply)


class CacheAttempt:
    """Stands where an attempt would: it counts in the limits on requests, and costs nothing."""

    kind = CACHE

    def __init__(self, parts: Parts, facts: Facts) -> None:
        self._parts = parts
        self._facts = facts

    async def open(self, scopes: Scopes, privacy: str) -> None:
        """Count it; raises ``RejectedError``."""
        parts, facts = self._parts, self._facts
        claim = Claim(
            request_id=facts.request_id,
            attempt=1,
            scopes=scopes,
            route=facts.route,
            deployment=CACHE,
            provider=CACHE,
            model=facts.route,
            privacy=privacy,
            worst=Cost(0),
            worst_tokens=0,
            lease_s=parts.config.lease_s,
            started_ns=parts.clock.wall_ns(),
        )
        try:
            self._ticket = await parts.books.open(claim)
        except Refused as refused:
            raise from_refused(refused) from None
        facts.deployment = facts.provider = CACHE
        facts.cost = 0

    def answered(self, usage: Usage | None, *, seen: int = 0) -> None:
        """It was given."""
        self._settle("ok")

    def failed(self, failure: Failure, *, usage: Usage | None = None, seen: int = 0) -> None:
        """A guardrail did not let it pass."""
        self._settle("failed", failure)

    def abandoned(self, *, usage: Usage | None = None, seen: int = 0) -> None:
        """The caller left."""
        self._settle("cancelled")

    def _settle(self, status: str, failure: Failure | None = None) -> None:
        outcome = Outcome(
            status=status,
            usage=None,
            cost=Cost(0),
            failure=failure,
            ended_ns=self._parts.clock.wall_ns(),
            cached=True,
            policy=self._parts.confinement.name(self._ticket.claim.privacy),
        )
        self._parts.books.settle(self._ticket, outcome)


class ReplaySource:
    """A kept answer as a stream: all its events at once."""

    usage: Usage | None = None
    seen = 0
    failure: Failure | None = None

    def __init__(self, reply: Reply) -> None:
        self._events: tuple[Event, ...] = tuple(events_of(reply))
        self.ended = False

    @property
    def done(self) -> bool:
        """Whether it was read, or broken off."""
        return self.ended or self.failure is not None

    async def read(self) -> list[Frame]:
        """Everything, once."""
        if self.done:
            return []
        self.ended = True
        return [Frame(b"", self._events)]

    def break_off(self, failure: Failure) -> None:
        """Read no further."""
        self.failure = failure
        self.ended = False

    async def close(self) -> None:
        """Nothing is held."""

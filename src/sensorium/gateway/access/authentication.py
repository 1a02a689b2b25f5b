"""From a bearer credential to whoever it belongs to."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from sensorium.gateway.access import records
from sensorium.gateway.access.caller import Caller, narrowed
from sensorium.gateway.access.keys import hash_of, is_hash_of, prefix_of
from sensorium.gateway.access.records import Kind
from sensorium.gateway.ledger.tables import KEYS, SUBJECTS
from sensorium.gateway.ledger.words import Scopes

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from sensorium.gateway.access.config import AccessConfig
    from sensorium.gateway.access.oidc import OidcVerifier
    from sensorium.gateway.access.records import Key, Subject
    from sensorium.observe import Observe
    from sensorium.store.records.connections import Connections

_REMEMBERED: Final = 10_000
_LONGEST: Final = 8192
"""Characters of a credential that are looked at; a signed token takes some thousand."""


class Access:
    """Recognises callers. What was found is remembered for a few seconds, by the full hash."""

    def __init__(
        self,
        connections: Connections,
        config: AccessConfig,
        observe: Observe,
        *,
        oidc: OidcVerifier | None = None,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._connections = connections
        self._config = config
        self._oidc = oidc
        self._wall_ns = wall_ns
        self._known: OrderedDict[bytes, tuple[Caller | None, float]] = OrderedDict()
        self._asked = observe.counter(
            "sensorium_gateway_credentials",
            "Credentials that were looked up, and what came of it",
            ("kind", "result"),
        )

    async def authenticate(self, bearer: str, now: float) -> Caller | None:
        """Whoever ``bearer`` belongs to, None where it is nobody's; ``now`` counts seconds.

        Never raises for what a credential holds.
        """
        if not bearer or len(bearer) > _LONGEST:
            return None
        token = hash_of(bearer)
        known = self._known.get(token)
        if known is not None and now < known[1]:
            return known[0]
        caller = await self._look_up(bearer)
        self._known[token] = (caller, now + self._config.cache_s)
        self._known.move_to_end(token)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return caller

    def forget(self) -> None:
        """Look everybody up again: something about callers has changed."""
        self._known.clear()

    async def _look_up(self, bearer: str) -> Caller | None:
        prefix = prefix_of(bearer)
        if prefix:
            kind, caller = "key", await asyncio.to_thread(self._by_key, prefix, bearer)
        elif self._oidc is not None and bearer.count(".") == 2:
            kind = "oidc"
            user_id = await self._oidc.user_of(bearer)
            caller = await asyncio.to_thread(self._by_user, user_id) if user_id else None
        else:
            kind, caller = "unknown", None
        self._asked.labels(kind=kind, result="known" if caller else "unknown").inc()
        return caller

    def _by_key(self, prefix: str, bearer: str) -> Caller | None:
        with self._connections.reading() as connection:
            row = connection.execute(select(KEYS).where(KEYS.c.prefix == prefix)).first()
            if row is None or not is_hash_of(row.hash, bearer):
                return None
            key = records.key(row)
            if not key.holds(self._wall_ns()):
                return None
            chain = _chain(connection, key.owner_id)
        return _caller(chain, key)

    def _by_user(self, user_id: str) -> Caller | None:
        with self._connections.reading() as connection:
            return _caller(_chain(connection, user_id), None)


def _chain(connection: Connection, subject_id: str) -> list[Subject]:
    """A subject and those above it."""
    chain: list[Subject] = []
    while subject_id and len(chain) < len(Kind):
        row = connection.execute(select(SUBJECTS).where(SUBJECTS.c.id == subject_id)).first()
        if row is None:
            return []
        chain.append(records.subject(row))
        subject_id = chain[-1].parent_id
    return chain


def _caller(chain: list[Subject], key: Key | None) -> Caller | None:
    """Whoever stands at the end of the chain; nobody where a part of it is switched off."""
    if not chain or any(subject.disabled_ns for subject in chain):
        return None
    by_kind = {subject.kind: subject.id for subject in chain}
    levels = [subject.allowed_models for subject in chain]
    privacy = [key.privacy if key else "", *(subject.privacy for subject in chain)]
    return Caller(
        scopes=Scopes(
            key.id if key else "",
            by_kind.get(Kind.USER, ""),
            by_kind.get(Kind.TEAM, ""),
            by_kind.get(Kind.ORGANISATION, ""),
        ),
        roles=frozenset({key.role if key else chain[0].role}),
        allowed_models=narrowed([key.allowed_models if key else None, *levels]),
        key_id=key.id if key else "",
        privacy_class=next((one for one in privacy if one), ""),
    )


def open_access(connections: Connections, config: AccessConfig, observe: Observe) -> Access:
    """Access by the keys and, where providers are named, tokens that the settings allow."""
    oidc: OidcVerifier | None = None
    if config.oidc:
        from sensorium.gateway.access.oidc import OidcVerifier as Verifier

        oidc = Verifier(connections, config.oidc, observe)
    return Access(connections, config, observe, oidc=oidc)

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
from sensorium.gateway.access.changes import Changes
from sensorium.gateway.access.keys import hash_of, is_hash_of, prefix_of
from sensorium.gateway.access.records import Kind
from sensorium.gateway.access.roles import is_within
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
        changes: Changes | None = None,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._connections = connections
        self._config = config
        self._oidc = oidc
        self._wall_ns = wall_ns
        # Both by the hash of the whole credential, with the changes that they knew of.
        self._known: OrderedDict[bytes, tuple[Caller, float, object]] = OrderedDict()
        self._asking: dict[bytes, tuple[asyncio.Task[Caller | None], object]] = {}
        self._changes = changes or Changes()
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
        changes = self._changes.now()
        if known is not None and now < known[1] and known[2] == changes:
            return known[0]
        asking = self._asking.get(token)
        if asking is None or asking[1] != changes:
            task = asyncio.create_task(self._find(token, bearer, now, changes))
            asking = self._asking[token] = task, changes
        return await asyncio.shield(asking[0])

    async def _find(self, token: bytes, bearer: str, now: float, changes: object) -> Caller | None:
        """Look up, once for all who ask meanwhile.

        Nobody is not remembered: a flood of made-up credentials would push out what is known.
        """
        try:
            caller = await self._look_up(bearer)
        finally:
            asking = self._asking.get(token)
            if asking is not None and asking[0] is asyncio.current_task():
                del self._asking[token]
        if caller is not None:
            self._known[token] = (caller, now + self._config.cache_s, changes)
            self._known.move_to_end(token)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return caller

    def forget(self) -> None:
        """Look everybody up again: something about callers has changed. Any thread may call it.

        What is being read at this moment may say what held before, and is not used again either.
        """
        self._changes.add()

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
    role = chain[0].role
    if key is not None and is_within(key.role, frozenset({role})):
        role = key.role
    elif key is not None and not is_within(role, frozenset({key.role})):
        return None  # its owner's role was changed to one that is neither lesser nor greater
    return Caller(
        scopes=Scopes(
            key.account if key else "",
            by_kind.get(Kind.USER, ""),
            by_kind.get(Kind.TEAM, ""),
            by_kind.get(Kind.ORGANISATION, ""),
        ),
        roles=frozenset({role}),
        allowed_models=narrowed([key.allowed_models if key else None, *levels]),
        key_id=key.id if key else "",
        privacy_class=next((one for one in privacy if one), ""),
    )


def open_access(
    connections: Connections,
    config: AccessConfig,
    observe: Observe,
    changes: Changes | None = None,
) -> Access:
    """Access by the keys and, where providers are named, tokens that the settings allow.

    ``changes`` are those of several processes; None where this one is alone.
    """
    oidc: OidcVerifier | None = None
    if config.oidc:
        from sensorium.gateway.access.oidc import OidcVerifier as Verifier

        oidc = Verifier(connections, config.oidc, observe)
    return Access(connections, config, observe, oidc=oidc, changes=changes)

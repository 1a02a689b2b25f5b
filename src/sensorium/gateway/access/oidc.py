"""Tokens of identity providers: OpenID Connect's JWTs (RFC 7519, 8725), checked against their keys.

A token is taken only with an ``iss`` that is configured, signed by a key of that issuer's set with
one of the algorithms named for it, for the audience named, with a time of expiry that is to come.
``alg`` chooses nothing: the list does. Keys are fetched from the configured address only (``jku``
and ``x5u`` are ignored), again when an unknown key id comes, and not more often than once in ten
seconds, whatever key ids come.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import jwt
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from sensorium.gateway.access.records import Kind
from sensorium.gateway.access.roles import Role
from sensorium.gateway.ledger.tables import SUBJECTS
from sensorium.store.records.audit import AuditLog

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from sensorium.gateway.access.config import OidcConfig
    from sensorium.observe import Observe
    from sensorium.store.records.connections import Connections

_AGAIN_S: Final = 10.0
"""Seconds between two fetches of one issuer's keys, at least."""
_FRESH_S: Final = 3600.0
"""Seconds after which keys are fetched again in any case."""
_KEPT_S: Final = 6 * 3600.0
"""Seconds for which keys are used while they cannot be fetched again."""
_LEEWAY_S: Final = 30
_MOST_BYTES: Final = 1 << 20


class _Keys:
    """One issuer's key set."""

    def __init__(self, url: str, clock: Callable[[], float], stale: Callable[[], None]) -> None:
        self._url = url
        self._clock = clock
        self._stale = stale
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = -_FRESH_S
        self._tried = -_FRESH_S
        self._fetching = asyncio.Lock()

    async def key(self, kid: str) -> jwt.PyJWK | None:
        """The key of that id; a set of one key may leave the id out."""
        stale = self._clock() - self._fetched > _FRESH_S
        # While somebody fetches, a known key is used; who needs another one waits for the answer.
        if kid not in self._keys or (stale and not self._fetching.locked()):
            async with self._fetching:
                if self._clock() - self._tried >= _AGAIN_S:
                    self._tried = self._clock()
                    await self._refresh(kid)
        if not kid and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    async def _refresh(self, kid: str) -> None:
        """Fetch; where that fails, a key that is known goes on for some hours."""
        try:
            await self._fetch()
        except Exception:
            if self._clock() - self._fetched > _KEPT_S:
                self._keys = {}
            if kid not in self._keys:
                raise
            self._stale()

    async def _fetch(self) -> None:
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=10)
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.get(self._url, allow_redirects=False) as answer,
        ):
            answer.raise_for_status()
            body = bytearray()
            async for piece in answer.content.iter_any():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise jwt.PyJWKSetError("the key set is longer than any")
        found = jwt.PyJWKSet.from_json(body.decode("utf-8"))
        self._keys = {key.key_id or "": key for key in found.keys}
        self._fetched = self._clock()


class OidcVerifier:
    """Finds the user that a token speaks for."""

    def __init__(
        self,
        connections: Connections,
        issuers: tuple[OidcConfig, ...],
        observe: Observe,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connections = connections
        self._issuers = {one.issuer: one for one in issuers}
        self._keys = {one.issuer: _Keys(one.jwks_url, clock, self._stale) for one in issuers}
        self._log = observe.logger("gateway")
        self._refused = observe.counter(
            "sensorium_gateway_tokens_refused",
            "Tokens of identity providers that were not taken",
            ("reason",),
        )

    async def user_of(self, token: str) -> str:
        """The id of the user, empty where the token is not good or the user not known."""
        try:
            claims, config = await self._claims(token)
        except Exception as error:  # noqa: BLE001 - whatever a token holds, it is not taken
            self._refused.labels(reason=type(error).__name__).inc()
            return ""
        name = claims.get(config.user_claim)
        if not isinstance(name, str) or not 0 < len(name) <= 200 or not name.isprintable():
            self._refused.labels(reason="NoUser").inc()
            return ""
        team = claims.get(config.team_claim) if config.team_claim else ""
        found = await asyncio.to_thread(self._user, name, team, config)
        if not found:
            self._refused.labels(reason="UnknownUser").inc()
        return found

    def _stale(self) -> None:
        self._log.warning(
            "an identity provider's keys could not be fetched again",
            unaffected=f"those known are used for {_KEPT_S / 3600:.0f} hours",
        )

    async def _claims(self, token: str) -> tuple[dict[str, Any], OidcConfig]:
        unverified = jwt.decode(token, options={"verify_signature": False})
        config = self._issuers.get(str(unverified.get("iss", "")))
        if config is None:
            raise jwt.InvalidIssuerError("no such issuer is configured")
        kid = jwt.get_unverified_header(token).get("kid", "")
        key = await self._keys[config.issuer].key(str(kid))
        if key is None:
            raise jwt.InvalidKeyError("the issuer has no such key")
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=list(config.algorithms),
            audience=config.audience,
            issuer=config.issuer,
            leeway=_LEEWAY_S,
            options={"require": ["exp", "iss", "aud"]},
        )
        return claims, config

    def _user(self, name: str, team: object, config: OidcConfig) -> str:
        """The user of that name; a new one, in that team of the organisation, where so set."""
        with self._connections.reading() as connection:
            found = _id_of(connection, Kind.USER, name, config)
        if found or not config.create_users:
            return found
        try:
            return self._make_user(name, team, config)
        except IntegrityError:  # somebody else made it at the same moment
            with self._connections.reading() as connection:
                return _id_of(connection, Kind.USER, name, config)

    def _make_user(self, name: str, team: object, config: OidcConfig) -> str:
        made = f"user_{secrets.token_hex(6)}"
        now_ns = time.time_ns()
        with self._connections.writing() as connection:
            parent = config.organisation
            if config.team_claim:
                parent = _id_of(connection, Kind.TEAM, team, config)
            if not parent:
                return ""
            connection.execute(
                insert(SUBJECTS).values(
                    id=made,
                    kind=Kind.USER.value,
                    parent_id=parent,
                    organisation_id=config.organisation,
                    name=name,
                    role=Role.MEMBER.value,
                    allowed_models=None,
                    privacy="",
                    created_ns=now_ns,
                    disabled_ns=0,
                )
            )
            AuditLog(self._connections).append(
                at_ns=now_ns,
                kind="user.created",
                subject=made,
                actor=config.issuer,
                detail={"name": name, "parent": parent},
                within=connection,
            )
        return made


def _id_of(connection: Connection, kind: Kind, name: object, config: OidcConfig) -> str:
    """The id of the one of that name in the issuer's organisation; empty where there is none."""
    if not isinstance(name, str):
        return ""
    found = connection.execute(
        select(SUBJECTS.c.id).where(
            SUBJECTS.c.kind == kind.value,
            SUBJECTS.c.organisation_id == config.organisation,
            SUBJECTS.c.name == name,
        )
    ).scalar()
    return str(found or "")

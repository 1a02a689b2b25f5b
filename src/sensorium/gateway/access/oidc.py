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

from sensorium.gateway.access.records import Kind
from sensorium.gateway.access.roles import Role
from sensorium.gateway.ledger.tables import SUBJECTS

if TYPE_CHECKING:
    from sensorium.gateway.access.config import OidcConfig
    from sensorium.observe import Observe
    from sensorium.store.records.connections import Connections

_AGAIN_S: Final = 10.0
"""Seconds between two fetches of one issuer's keys, at least."""
_FRESH_S: Final = 3600.0
"""Seconds after which keys are fetched again in any case."""
_LEEWAY_S: Final = 30
_MOST_BYTES: Final = 1 << 20


class _Keys:
    """One issuer's key set."""

    def __init__(self, url: str, clock: Callable[[], float]) -> None:
        self._url = url
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = -_FRESH_S
        self._tried = -_FRESH_S
        self._fetching = asyncio.Lock()

    async def key(self, kid: str) -> jwt.PyJWK | None:
        """The key of that id; a set of one key may leave the id out."""
        stale = self._clock() - self._fetched > _FRESH_S
        if (kid not in self._keys or stale) and self._clock() - self._tried >= _AGAIN_S:
            async with self._fetching:
                if self._clock() - self._tried >= _AGAIN_S:
                    self._tried = self._clock()
                    await self._fetch()
        if not kid and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    async def _fetch(self) -> None:
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=10)
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.get(self._url, allow_redirects=False) as answer,
        ):
            answer.raise_for_status()
            body = await answer.content.read(_MOST_BYTES)
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
        self._keys = {one.issuer: _Keys(one.jwks_url, clock) for one in issuers}
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
        name = str(claims.get(config.user_claim, ""))
        if not 0 < len(name) <= 200:
            self._refused.labels(reason="NoUser").inc()
            return ""
        found = await asyncio.to_thread(self._user, name, config)
        if not found:
            self._refused.labels(reason="UnknownUser").inc()
        return found

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

    def _user(self, name: str, config: OidcConfig) -> str:
        statement = select(SUBJECTS.c.id).where(
            SUBJECTS.c.kind == Kind.USER.value,
            SUBJECTS.c.organisation_id == config.organisation,
            SUBJECTS.c.name == name,
        )
        with self._connections.writing() as connection:
            found = connection.execute(statement).scalar()
            if found or not config.create_users:
                return str(found or "")
            made = f"user_{secrets.token_hex(6)}"
            connection.execute(
                insert(SUBJECTS).values(
                    id=made,
                    kind=Kind.USER.value,
                    parent_id=config.organisation,
                    organisation_id=config.organisation,
                    name=name,
                    role=Role.MEMBER.value,
                    allowed_models=None,
                    privacy="",
                    created_ns=time.time_ns(),
                    disabled_ns=0,
                )
            )
        return made

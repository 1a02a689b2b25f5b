"""Tokens of identity providers, against a real key server and with every known way around it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sensorium.gateway.access import Access, AccessConfig, OidcConfig
from sensorium.gateway.access.oidc import OidcVerifier
from sensorium.gateway.ledger import LedgerConfig
from tests.gateway.access.town import Town

pytestmark = pytest.mark.anyio

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


class Provider:
    """An identity provider's key server, on a port of its own."""

    def __init__(self) -> None:
        self.keys = {"r1": RSA.public_key(), "e1": EC.public_key()}
        self.fetches = 0
        self.broken = False
        self.padding = 0
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.fetches += 1
                body = provider.jwks() + b" " * provider.padding
                self.send_response(503 if provider.broken else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(ConnectionError):  # whoever has read enough hangs up
                    self.wfile.write(body)

            def log_message(self, *words: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def jwks(self) -> bytes:
        """The key set as it is served."""
        found = []
        for kid, key in self.keys.items():
            kind = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPublicKey) else (
                jwt.algorithms.ECAlgorithm)  # fmt: skip
            found.append({**json.loads(kind.to_jwk(key)), "kid": kid, "use": "sig"})
        return json.dumps({"keys": found}).encode()

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    """An identity provider."""
    made = Provider()
    yield made
    made.close()


class Hall:
    """Access with that provider; ``clock`` is the verifier's."""

    def __init__(self, town: Town, provider: Provider, **more: Any) -> None:
        self.town, self.provider, self.seconds = town, provider, 1000.0
        config = OidcConfig(
            issuer=provider.issuer,
            audience="gateway",
            jwks_url=f"{provider.issuer}/keys",
            organisation=town.ids["acme"],
            **more,
        )
        verifier = OidcVerifier(
            town.connections, (config,), town.observe, clock=lambda: self.seconds
        )
        self.access = Access(town.connections, AccessConfig(cache_s=0), town.observe, oidc=verifier)

    async def user(self, token: str) -> str | None:
        """The user that a token is taken for."""
        caller = await self.access.authenticate(token, 0.0)
        return None if caller is None else caller.scopes.user_id

    def token(self, *, key: Any = RSA, alg: str = "RS256", kid: str = "r1", **claims: Any) -> str:
        """A token, good unless something is said otherwise."""
        now = int(time.time())
        given = {"iss": self.provider.issuer, "aud": "gateway", "sub": "max", "exp": now + 600}
        given = {name: one for name, one in {**given, **claims}.items() if one is not None}
        return jwt.encode(given, key, algorithm=alg, headers={"kid": kid})


@pytest.fixture
def hall(tmp_path: Path, provider: Provider) -> Iterator[Hall]:
    """Access with an identity provider."""
    town = Town(LedgerConfig(dsn=f"sqlite:///{tmp_path}/g.sqlite"), tmp_path)
    yield Hall(town, provider)
    town.close()


async def test_good_tokens_are_taken_with_either_kind_of_key(hall: Hall) -> None:
    assert await hall.user(hall.token()) == hall.town.ids["max"]
    assert await hall.user(hall.token(key=EC, alg="ES256", kid="e1")) == hall.town.ids["max"]


def _unsigned(hall: Hall) -> str:
    payload = hall.token().split(".")[1]
    head = base64.urlsafe_b64encode(b'{"alg":"none","kid":"r1"}').rstrip(b"=").decode()
    return f"{head}.{payload}."


def _public_as_secret(hall: Hall) -> str:
    """An HMAC whose secret is the RSA public key, made by hand: the library refuses to."""
    import hashlib
    import hmac

    pem = RSA.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT","kid":"r1"}').rstrip(b"=").decode()
    signed = f"{head}.{hall.token().split('.')[1]}"
    mac = hmac.new(pem, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


WRONG: dict[str, Callable[[Hall], str]] = {
    "another audience": lambda hall: hall.token(aud="elsewhere"),
    "no audience": lambda hall: hall.token(aud=None),
    "another issuer": lambda hall: hall.token(iss="https://evil.example"),
    "expired": lambda hall: hall.token(exp=int(time.time()) - 3600),
    "no expiry": lambda hall: hall.token(exp=None),
    "not yet": lambda hall: hall.token(nbf=int(time.time()) + 3600),
    "another key": lambda hall: hall.token(key=OTHER_RSA),
    "the wrong key's id": lambda hall: hall.token(kid="e1"),
    "an algorithm that is not named": lambda hall: hall.token(alg="RS512"),
    "unsigned": _unsigned,
    "the public key as a secret": _public_as_secret,
    "a stranger": lambda hall: hall.token(sub="nobody"),
    "somebody of another organisation": lambda hall: hall.token(sub="gus"),
    "no user": lambda hall: hall.token(sub=None),
    "a user that is no text": lambda hall: hall.token(sub=None, email={"max": 1}),
    "no token": lambda hall: "a.b.c",
}


@pytest.mark.parametrize("what", WRONG)
async def test_what_is_not_in_order_is_nobodys(hall: Hall, what: str) -> None:
    assert await hall.user(WRONG[what](hall)) is None
    assert await hall.user(hall.token()) == hall.town.ids["max"]


async def test_keys_are_fetched_again_when_they_change_and_not_more_often(hall: Hall) -> None:
    assert await hall.user(hall.token())
    assert hall.provider.fetches == 1
    for number in range(50):
        assert await hall.user(hall.token(kid=f"flood{number}")) is None
    assert hall.provider.fetches == 1
    hall.provider.keys["r2"] = OTHER_RSA.public_key()
    hall.seconds += 11
    assert await hall.user(hall.token(key=OTHER_RSA, kid="r2"))
    assert hall.provider.fetches == 2


async def test_a_provider_that_cannot_be_reached_lets_nobody_in(hall: Hall) -> None:
    token = hall.token()
    hall.provider.server.shutdown()
    hall.provider.server.socket.close()
    assert await hall.user(token) is None


async def test_unknown_users_can_be_made_members(tmp_path: Path, provider: Provider) -> None:
    town = Town(LedgerConfig(dsn=f"sqlite:///{tmp_path}/g.sqlite"), tmp_path)
    hall = Hall(town, provider, create_users=True)
    made = await hall.user(hall.token(sub="new@acme.example"))
    assert made is not None
    assert await hall.user(hall.token(sub="new@acme.example")) == made
    assert town.directory.subject(made).role == "member"
    assert town.directory.audit.list(limit=1000)[-1].actor == provider.issuer
    town.close()


async def test_a_user_so_made_joins_the_team_that_the_token_names(
    tmp_path: Path, provider: Provider
) -> None:
    town = Town(LedgerConfig(dsn=f"sqlite:///{tmp_path}/g.sqlite"), tmp_path)
    hall = Hall(town, provider, create_users=True, team_claim="team")
    made = await hall.user(hall.token(sub="new", team="blue"))
    assert made is not None
    assert town.directory.subject(made).parent_id == town.ids["blue"]
    # A team of another organisation, none, and what is no text are no teams; nothing is made.
    for team in ("grey", None, ["red"], ""):
        assert await hall.user(hall.token(sub="other", team=team)) is None
    # Whoever is there already stays where the directory says.
    max_again = await hall.user(hall.token(team="blue"))
    assert max_again is not None
    assert town.directory.subject(max_again).parent_id == town.ids["red"]
    town.close()


async def test_two_first_calls_at_once_make_one_user(tmp_path: Path, provider: Provider) -> None:
    town = Town(LedgerConfig(dsn=f"sqlite:///{tmp_path}/g.sqlite"), tmp_path)
    hall = Hall(town, provider, create_users=True)
    tokens = [hall.token(sub="new", exp=int(time.time()) + 600 + one) for one in range(4)]
    made = await asyncio.gather(*map(hall.user, tokens))
    assert len(set(made)) == 1
    assert made[0]
    town.close()


async def test_known_keys_are_used_for_some_hours_while_they_cannot_be_fetched(hall: Hall) -> None:
    assert await hall.user(hall.token())
    hall.provider.broken = True
    hall.seconds += 2 * 3600
    assert await hall.user(hall.token())
    hall.seconds += 3600
    assert await hall.user(hall.token(kid="r9")) is None
    assert await hall.user(hall.token())
    hall.seconds += 4 * 3600
    assert await hall.user(hall.token()) is None
    hall.provider.broken = False
    hall.seconds += 11
    assert await hall.user(hall.token())


async def test_a_key_set_may_come_in_pieces_and_not_without_end(hall: Hall) -> None:
    hall.provider.padding = 300_000
    assert await hall.user(hall.token())
    hall.provider.padding = 2_000_000
    hall.seconds += 2 * 3600
    assert await hall.user(hall.token(kid="r9")) is None
    assert await hall.user(hall.token())


def test_an_issuer_is_configured_once() -> None:
    one = OidcConfig(issuer="https://a.example", audience="a", jwks_url="https://a.example/k")
    with pytest.raises(ValueError, match="named twice"):
        AccessConfig(oidc=(one, one))


def test_a_symmetric_algorithm_cannot_be_configured() -> None:
    with pytest.raises(ValueError, match="algorithms may be"):
        OidcConfig(issuer="https://a.example", audience="a", jwks_url="https://a.example/k",
                   algorithms=("HS256",))  # fmt: skip

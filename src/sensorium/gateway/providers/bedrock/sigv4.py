"""AWS Signature Version 4 for one request whose path and headers are final.

Source: AWS's "Signature Version 4 signing process". The rule for paths is the one of all services
but S3: the path, percent-encoded as it is sent, is encoded once more before it is signed.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from sensorium.gateway.providers.failures import no_credential
from sensorium.gateway.providers.http.request import HeaderValue
from sensorium.gateway.providers.secret import Secret

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """What a request is signed with; ``expires_at`` in seconds since 1970, None where never."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None = None
    expires_at: float | None = None


def keys_of(key_id: str, secret: str, token: str, expires_at: float | None = None) -> AwsKeys:
    """Keys from their texts; raises ``CallFailedError`` where they are incomplete."""
    key_id, hidden, hidden_token = key_id.strip(), Secret(secret.strip()), Secret(token.strip())
    del secret, token
    if not key_id or not hidden or not key_id.isalnum():
        raise no_credential("the gateway's AWS keys are missing or incomplete")
    return AwsKeys(key_id, hidden, hidden_token if hidden_token else None, expires_at)


class Signer:
    """Signs for one Region and service; keeps the signing key of the day."""

    def __init__(self, region: str, service: str) -> None:
        self._region = region
        self._service = service
        self._key: bytes = b""
        self._key_of: tuple[str, AwsKeys] | None = None

    def sign(
        self,
        method: str,
        target: str,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        keys: AwsKeys,
        now: float,
    ) -> list[tuple[str, HeaderValue]]:
        """The headers to add. ``headers`` are those that are signed, ``Host`` among them."""
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        scope = f"{moment[:8]}/{self._region}/{self._service}/aws4_request"
        signed = {name.lower(): " ".join(value.split()) for name, value in headers}
        signed["x-amz-date"] = moment
        added: list[tuple[str, HeaderValue]] = [("X-Amz-Date", moment)]
        if keys.session_token is not None:
            added.append(("X-Amz-Security-Token", keys.session_token))
        signature, names = self._signature(method, target, signed, body, keys, scope)
        added.append(
            (
                "Authorization",
                f"{_ALGORITHM} Credential={keys.access_key_id}/{scope}, "
                f"SignedHeaders={names}, Signature={signature}",
            )
        )
        return added

    def _signature(
        self,
        method: str,
        target: str,
        signed: dict[str, str],
        body: bytes,
        keys: AwsKeys,
        scope: str,
    ) -> tuple[str, str]:
        if keys.session_token is not None:
            signed = {**signed, "x-amz-security-token": keys.session_token.reveal()}
        names = ";".join(sorted(signed))
        path, _, query = target.partition("?")
        lines = [
            method,
            quote(path or "/", safe="/~"),
            "&".join(sorted(part if "=" in part else f"{part}=" for part in query.split("&")))
            if query
            else "",
            *(f"{name}:{signed[name]}" for name in sorted(signed)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
        request = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        moment = signed["x-amz-date"]
        to_sign = f"{_ALGORITHM}\n{moment}\n{scope}\n{request}".encode()
        return hmac.digest(self._signing_key(moment[:8], keys), to_sign, "sha256").hex(), names

    def _signing_key(self, day: str, keys: AwsKeys) -> bytes:
        if self._key_of is None or self._key_of[0] != day or self._key_of[1] is not keys:
            key = hmac.digest(
                b"AWS4" + keys.secret_access_key.reveal().encode(), day.encode(), "sha256"
            )
            for part in (self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._key, self._key_of = key, (day, keys)
        return self._key

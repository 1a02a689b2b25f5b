"""The two things that are asked of AWS's Security Token Service.

``AssumeRoleWithWebIdentity`` gives keys for a token that Kubernetes or a CI system issued;
``GetCallerIdentity`` says whose keys they are. Source: AWS's STS API Reference, version 2011-06-15.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote_plus, urlencode

from sensorium.errors import UsageError
from sensorium.gateway.providers.bedrock.endpoints import endpoint
from sensorium.gateway.providers.bedrock.sigv4 import AwsKeys, Signer, keys_of
from sensorium.gateway.providers.config import ProviderConfig
from sensorium.gateway.providers.deps import ProviderDeps
from sensorium.gateway.providers.failures import bad_answer, no_credential
from sensorium.gateway.providers.http import Request, Session
from sensorium.gateway.providers.http.request import HeaderValue

_VERSION: Final = "2011-06-15"
_FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"
_TIMEOUT_S: Final = 10.0
_MAX_BYTES: Final = 256 * 1024


def sts_session(config: ProviderConfig, region: str, deps: ProviderDeps) -> tuple[Session, str]:
    """The transport to the Region's STS, or to ``AWS_ENDPOINT_URL_STS``; and its authority."""
    url = deps.environment.get("AWS_ENDPOINT_URL_STS", "") or endpoint("sts", region)
    session, origin = deps.session(config, url)
    return session, origin.authority


class WebIdentityKeys:
    """Keys for the token in a file, which its issuer replaces in time."""

    def __init__(
        self, token_file: Path, role: str, session_name: str, region: str, deps: ProviderDeps
    ) -> None:
        self._token_file = token_file
        self._form = {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": _VERSION,
            "RoleArn": role,
            "RoleSessionName": session_name,
        }
        private = deps.environment.get("AWS_ENDPOINT_URL_STS", "") != ""
        config = ProviderConfig(
            name="aws-sts", allow_private_destinations=private, max_answer_bytes=_MAX_BYTES
        )
        self._session, _ = sts_session(config, region, deps)

    async def fetch(self) -> AwsKeys:
        """The keys of the role."""
        headers = (("Content-Type", _FORM),)
        answer = await self._session.send(
            Request("POST", "/", headers, self._body()),
            first_byte_s=_TIMEOUT_S,
            timeout_s=_TIMEOUT_S,
        )
        try:
            if answer.status != 200:
                raise no_credential(f"AWS gave no keys for the token: status {answer.status}")
            return _assumed((await answer.body()).decode("utf-8", "replace"))
        finally:
            await answer.aclose()

    def _body(self) -> bytes:
        try:
            token = self._token_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise no_credential("the token for AWS cannot be read") from None
        return f"{urlencode(self._form)}&WebIdentityToken={quote_plus(token)}".encode()

    async def close(self) -> None:
        """Close its connections."""
        await self._session.close()


def web_identity_keys(region: str, deps: ProviderDeps) -> WebIdentityKeys:
    """As the environment says; raises ``UsageError`` where it says nothing."""
    environment = deps.environment
    token_file = environment.get("AWS_WEB_IDENTITY_TOKEN_FILE", "")
    role = environment.get("AWS_ROLE_ARN", "")
    if not token_file or not role:
        raise UsageError(
            "a provider takes its AWS keys for a web identity, of which the environment has none",
            next_step="AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN are set by EKS",
        )
    name = environment.get("AWS_ROLE_SESSION_NAME", "") or "sensorium-gateway"
    return WebIdentityKeys(Path(token_file), role, name, region, deps)


async def caller_account(
    session: Session, authority: str, signer: Signer, keys: AwsKeys, now: float
) -> tuple[str, str]:
    """The account and the ARN that keys belong to; raises ``CallFailedError``."""
    body = urlencode({"Action": "GetCallerIdentity", "Version": _VERSION}).encode()
    signed = (("Host", authority), ("Content-Type", _FORM))
    headers: list[tuple[str, HeaderValue]] = [("Content-Type", _FORM)]
    headers += signer.sign("POST", "/", signed, body, keys, now)
    answer = await session.send(
        Request("POST", "/", headers, body), first_byte_s=_TIMEOUT_S, timeout_s=_TIMEOUT_S
    )
    try:
        if answer.status in {401, 403}:
            raise no_credential("AWS refused the gateway's keys")
        text = (await answer.body()).decode("utf-8", "replace")
    finally:
        await answer.aclose()
    account, arn = _element(text, "Account"), _element(text, "Arn")
    if answer.status != 200 or not account:
        raise bad_answer("AWS did not say whose keys these are", "sts", answer.status)
    return account, arn


def _assumed(text: str) -> AwsKeys:
    try:
        expires_at = datetime.fromisoformat(_element(text, "Expiration")).timestamp()
    except ValueError:
        raise no_credential("AWS gave no keys for the token") from None
    return keys_of(
        _element(text, "AccessKeyId"),
        _element(text, "SecretAccessKey"),
        _element(text, "SessionToken"),
        expires_at,
    )


def _element(text: str, name: str) -> str:
    """The text of the one element of that name: these answers nest nothing within it."""
    found = re.findall(rf"<{name}>([^<&]*)</{name}>", text)
    return str(found[0]).strip() if len(found) == 1 else ""

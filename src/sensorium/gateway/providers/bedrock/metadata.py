"""Keys of the role that a container or an instance runs with, from AWS's local services.

Sources: "Container credential provider" and "IMDS credential provider" of the AWS SDKs and Tools
Reference Guide; only version 2 of the instance metadata service is spoken.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import orjson

from sensorium.errors import UsageError
from sensorium.gateway.providers.addresses import Address
from sensorium.gateway.providers.bedrock.sigv4 import AwsKeys, keys_of
from sensorium.gateway.providers.deps import ProviderDeps
from sensorium.gateway.providers.destinations import Destinations, origin_of
from sensorium.gateway.providers.failures import no_credential
from sensorium.gateway.providers.http import PoolLimits, Request, Session
from sensorium.gateway.providers.http.request import HeaderValue
from sensorium.gateway.providers.secret import Secret

_ECS: Final = "http://169.254.170.2"
_IMDS: Final = "http://169.254.169.254"
# The only addresses these services have; without TLS nothing else is asked.
_SERVICES: Final = frozenset(
    map(
        ipaddress.ip_address,
        ("169.254.170.2", "169.254.170.23", "fd00:ec2::23", "169.254.169.254", "fd00:ec2::254"),
    )
)
_TIMEOUT_S: Final = 5.0
_MAX_BYTES: Final = 256 * 1024


def _judge(address: Address) -> str:
    if address in _SERVICES or address.is_loopback:
        return ""
    return "not one of AWS's services for credentials"


class LocalService:
    """Asks one of these services."""

    def __init__(self, url: str, deps: ProviderDeps) -> None:
        self.origin = origin_of(url, plain_allowed=True)
        destinations = Destinations(self.origin, judge=_judge, resolver=deps.resolver)
        limits = PoolLimits(connections=2, connect_s=1.0, idle_s=1.0)
        self._session = Session(
            "aws-credentials",
            destinations,
            deps.observe,
            limits=limits,
            max_answer_bytes=_MAX_BYTES,
        )

    async def ask(
        self, method: str, target: str, headers: tuple[tuple[str, HeaderValue], ...]
    ) -> bytes:
        """The body of a good answer; raises ``CallFailedError``."""
        answer = await self._session.send(
            Request(method, target, headers), first_byte_s=_TIMEOUT_S, timeout_s=_TIMEOUT_S
        )
        try:
            if answer.status != 200:
                raise no_credential(
                    f"AWS's service for credentials answered with status {answer.status}"
                )
            return await answer.body()
        finally:
            await answer.aclose()

    async def close(self) -> None:
        """Close its connections."""
        await self._session.close()


class ContainerKeys:
    """The service of ECS, and of EKS's pod identities."""

    def __init__(self, url: str, deps: ProviderDeps) -> None:
        base, _, query = url.partition("?")
        self._service = LocalService(base, deps)
        path = self._service.origin.path or "/"
        self._target = f"{path}?{query}" if query else path
        self._environment = deps.environment

    async def fetch(self) -> AwsKeys:
        """The keys of the container's role."""
        token = self._token()
        headers: tuple[tuple[str, HeaderValue], ...] = (("Accept", "application/json"),)
        if token:
            headers = (*headers, ("Authorization", token))
        return _keys(await self._service.ask("GET", self._target, headers))

    def _token(self) -> Secret:
        path = self._environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "")
        if not path:
            return Secret(self._environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", ""))
        try:
            return Secret(Path(path).read_text(encoding="ascii").strip())
        except (OSError, UnicodeDecodeError):
            raise no_credential("the container's token for AWS cannot be read") from None

    async def close(self) -> None:
        """Close its connections."""
        await self._service.close()


class InstanceKeys:
    """The instance metadata service, version 2."""

    def __init__(self, url: str, deps: ProviderDeps) -> None:
        self._service = LocalService(url, deps)

    async def fetch(self) -> AwsKeys:
        """The keys of the instance's role."""
        path = f"{self._service.origin.path}/latest"
        lifetime = (("X-aws-ec2-metadata-token-ttl-seconds", "21600"),)
        token = Secret((await self._service.ask("PUT", f"{path}/api/token", lifetime)).decode())
        headers = (("X-aws-ec2-metadata-token", token),)
        roles = f"{path}/meta-data/iam/security-credentials/"
        role = (await self._service.ask("GET", roles, headers)).decode().strip()
        if not role or "\n" in role:
            raise no_credential("the instance has no role for AWS")
        return _keys(await self._service.ask("GET", roles + quote(role, safe=""), headers))

    async def close(self) -> None:
        """Close its connections."""
        await self._service.close()


def container_keys(deps: ProviderDeps) -> ContainerKeys:
    """As the container's environment says; raises ``UsageError`` where it says nothing."""
    relative = deps.environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "")
    full = deps.environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
    if relative.startswith("/"):
        return ContainerKeys(_ECS + relative, deps)
    if urlsplit(full).scheme in {"http", "https"}:
        return ContainerKeys(full, deps)
    raise UsageError(
        "a provider takes its AWS keys from its container, which offers none",
        next_step="AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI is set by ECS and EKS",
    )


def instance_keys(deps: ProviderDeps) -> InstanceKeys:
    """From the instance's metadata service."""
    return InstanceKeys(
        deps.environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "") or _IMDS, deps
    )


def _keys(body: bytes) -> AwsKeys:
    try:
        found: Any = orjson.loads(body)
        expires_at = datetime.fromisoformat(found["Expiration"]).timestamp()
        return keys_of(found["AccessKeyId"], found["SecretAccessKey"], found["Token"], expires_at)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise no_credential("AWS's service for credentials gave none") from None

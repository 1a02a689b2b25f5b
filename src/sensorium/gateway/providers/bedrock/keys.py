"""Where AWS keys come from, by reference: ``aws:`` and one of the sources that AWS's SDKs know.

``aws:env``, ``aws:file`` (or ``aws:file:/path``, either with ``#profile``), ``aws:container``,
``aws:instance``, ``aws:web-identity``; ``aws:default`` is the first of them that is configured.
Source: AWS SDKs and Tools Reference Guide. Profiles that assume a role or sign in by browser are
not followed.
"""

from __future__ import annotations

import asyncio
import configparser
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from sensorium.errors import UsageError
from sensorium.gateway.failure import CallFailedError
from sensorium.gateway.providers.bedrock.sigv4 import AwsKeys, keys_of
from sensorium.gateway.providers.deps import ProviderDeps
from sensorium.gateway.providers.failures import no_credential

# New keys are fetched this long before the old ones end, and needed so long before.
_EARLY_S: Final = 300.0
_LATEST_S: Final = 30.0


class KeySource(Protocol):
    """One place that keys come from."""

    async def fetch(self) -> AwsKeys:
        """Keys as they are now; raises ``CallFailedError`` (UNAUTHENTICATED)."""

    async def close(self) -> None:
        """Close its connections, where it has some."""


class FetchedKeys:
    """Keys that end are fetched again in time, once for all calls that need them."""

    def __init__(self, source: KeySource, deps: ProviderDeps) -> None:
        self._source = source
        self._clock = deps.clock
        self._keys: AwsKeys | None = None
        self._under_way: asyncio.Task[AwsKeys] | None = None

    async def current(self) -> AwsKeys:
        """Keys that last for a while; raises ``CallFailedError`` (UNAUTHENTICATED)."""
        keys = self._keys
        left = self._left(keys)
        if keys is not None and left > _EARLY_S:
            return keys
        if self._under_way is None:
            self._under_way = asyncio.ensure_future(self._source.fetch())
            self._under_way.add_done_callback(self._fetched)
        if keys is not None and left > _LATEST_S:
            return keys
        try:
            return await asyncio.shield(self._under_way)
        except CallFailedError as error:
            raise CallFailedError(error.failure) from None

    def _left(self, keys: AwsKeys | None) -> float:
        if keys is None:
            return 0.0
        return float("inf") if keys.expires_at is None else keys.expires_at - self._clock()

    def _fetched(self, task: asyncio.Task[AwsKeys]) -> None:
        self._under_way = None
        if not task.cancelled() and task.exception() is None:
            self._keys = task.result()

    async def close(self) -> None:
        """Stop fetching."""
        if self._under_way is not None:
            self._under_way.cancel()
        await self._source.close()


class EnvironmentKeys:
    """``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``, ``AWS_SESSION_TOKEN``."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._keys: AwsKeys | None = None

    async def current(self) -> AwsKeys:
        """Looked up for every call; the same object while they stay, for the signing key's sake."""
        found = self._environment
        keys = keys_of(
            found.get("AWS_ACCESS_KEY_ID", ""),
            found.get("AWS_SECRET_ACCESS_KEY", ""),
            found.get("AWS_SESSION_TOKEN", ""),
        )
        if self._keys is None or keys != self._keys:
            self._keys = keys
        return self._keys

    async def close(self) -> None:
        """Nothing is open."""


class FileKeys:
    """A profile of a shared credentials file, read again when the file was changed."""

    def __init__(self, path: Path, profile: str) -> None:
        self._path = path
        self._profile = profile
        self._seen: tuple[int, int, int] | None = None
        self._keys: AwsKeys | None = None

    async def current(self) -> AwsKeys:
        """As the file has it now."""
        try:
            found = self._path.stat()
            seen = (found.st_ino, found.st_mtime_ns, found.st_size)
            if seen != self._seen or self._keys is None:
                self._keys = self._read()
                self._seen = seen
        except (OSError, UnicodeDecodeError, configparser.Error):
            raise no_credential("the gateway cannot read its AWS credentials file") from None
        return self._keys

    def _read(self) -> AwsKeys:
        parser = configparser.RawConfigParser(default_section="")
        with self._path.open(encoding="utf-8") as file:
            parser.read_file(file)
        if not parser.has_section(self._profile):
            raise no_credential("the AWS credentials file has no such profile")
        section = parser[self._profile]
        return keys_of(
            section.get("aws_access_key_id", ""),
            section.get("aws_secret_access_key", ""),
            section.get("aws_session_token", ""),
        )

    async def close(self) -> None:
        """Nothing is open."""


Keys = EnvironmentKeys | FileKeys | FetchedKeys


def aws_keys(reference: str, region: str, deps: ProviderDeps) -> Keys:
    """What an ``aws:`` reference refers to; raises ``UsageError``."""
    from sensorium.gateway.providers.bedrock.metadata import container_keys, instance_keys
    from sensorium.gateway.providers.bedrock.sts import web_identity_keys

    environment = deps.environment
    source, _, where = reference.removeprefix("aws:").partition(":")
    source, _, profile = source.partition("#")
    if source == "default":
        source = _first_configured(environment)
    if source == "env":
        return EnvironmentKeys(environment)
    if source == "file":
        path, _, named = where.partition("#")
        return _file(path, named or profile, environment)
    if source == "container":
        return FetchedKeys(container_keys(deps), deps)
    if source == "instance":
        return FetchedKeys(instance_keys(deps), deps)
    if source == "web-identity":
        return FetchedKeys(web_identity_keys(region, deps), deps)
    raise UsageError(
        "a provider's credential is not one of AWS's sources",
        next_step="write aws:default, or aws: with env, file, container, instance or web-identity",
    )


def _file(path: str, profile: str, environment: Mapping[str, str]) -> FileKeys:
    path = path or environment.get("AWS_SHARED_CREDENTIALS_FILE", "") or "~/.aws/credentials"
    profile = profile or environment.get("AWS_PROFILE", "") or "default"
    return FileKeys(Path(path).expanduser(), profile)


def _first_configured(environment: Mapping[str, str]) -> str:
    """In the order of AWS's SDKs."""
    if environment.get("AWS_ACCESS_KEY_ID"):
        return "env"
    if environment.get("AWS_WEB_IDENTITY_TOKEN_FILE") and environment.get("AWS_ROLE_ARN"):
        return "web-identity"
    if _file("", "", environment)._path.exists():
        return "file"
    for name in ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        if environment.get(name):
            return "container"
    return "instance"

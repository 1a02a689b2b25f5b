"""How requests to Bedrock are authorised: signed with AWS keys, or with a Bedrock API key."""

from __future__ import annotations

from collections.abc import Sequence

from sensorium.gateway.providers.bedrock.keys import Keys, aws_keys
from sensorium.gateway.providers.bedrock.sigv4 import AwsKeys, Signer
from sensorium.gateway.providers.credentials import Credential, credential
from sensorium.gateway.providers.deps import ProviderDeps
from sensorium.gateway.providers.failures import no_credential
from sensorium.gateway.providers.http.request import HeaderValue


class Authorization:
    """For one Region; ``reference`` is empty for AWS's default sources."""

    def __init__(self, reference: str, region: str, deps: ProviderDeps) -> None:
        self._clock = deps.clock
        self._signer = Signer(region, "bedrock")
        self._keys: Keys | None = None
        self._bearer: Credential | None = None
        if not reference or reference.startswith("aws:"):
            self._keys = aws_keys(reference or "aws:default", region, deps)
        else:
            self._bearer = credential(reference, deps.environment)

    async def headers(
        self,
        method: str,
        target: str,
        authority: str,
        headers: Sequence[tuple[str, HeaderValue]],
        body: bytes,
    ) -> Sequence[tuple[str, HeaderValue]]:
        """The headers to add; raises ``CallFailedError`` (UNAUTHENTICATED)."""
        if self._bearer is not None:
            return (("Authorization", ("Bearer ", self._bearer.current())),)
        keys = await self.keys()
        signed = [("Host", authority)]
        signed += [(name, value) for name, value in headers if isinstance(value, str)]
        return self._signer.sign(method, target, signed, body, keys, self._clock())

    async def keys(self) -> AwsKeys:
        """The AWS keys as they are now; raises ``CallFailedError`` where an API key is used."""
        if self._keys is None:
            raise no_credential("this needs AWS keys: a Bedrock API key says nothing of itself")
        return await self._keys.current()

    async def close(self) -> None:
        """Close what fetches keys."""
        if self._keys is not None:
            await self._keys.close()

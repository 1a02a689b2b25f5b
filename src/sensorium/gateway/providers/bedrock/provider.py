"""Bedrock's runtime: ``converse``, ``converse-stream``, and ``invoke`` for embeddings.

Source: Amazon Bedrock API Reference, "Amazon Bedrock Runtime". A credential is ``aws:...`` for
signed requests, or ``env:AWS_BEARER_TOKEN_BEDROCK`` (or a file) for a Bedrock API key. A VPC
endpoint is its URL as ``base_url`` with ``allow_private_destinations``; the Region is signed for
all the same.
"""

from __future__ import annotations

import re
from typing import Final

from sensorium.gateway.dialect import Dialect
from sensorium.gateway.provider import Call, ProviderAnswer
from sensorium.gateway.providers.bedrock.authorization import Authorization
from sensorium.gateway.providers.bedrock.control import BedrockControl
from sensorium.gateway.providers.bedrock.endpoints import checked_region, endpoint, label
from sensorium.gateway.providers.bedrock.lines import LinesAnswer
from sensorium.gateway.providers.config import ProviderConfig
from sensorium.gateway.providers.deps import ProviderDeps
from sensorium.gateway.providers.endpoint import HttpProvider, encoded
from sensorium.gateway.providers.failures import bad_request
from sensorium.gateway.providers.http import Request

_FORWARDED: Final = frozenset(
    {
        "x-amzn-bedrock-guardrailidentifier",
        "x-amzn-bedrock-guardrailversion",
        "x-amzn-bedrock-trace",
        "x-amzn-bedrock-performanceconfig-latency",
        "x-amzn-bedrock-service-tier",
        "x-amzn-bedrock-request-metadata",
    }
)
# A model's id, an inference profile's id, or an ARN of either.
_MODEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,2047}")


class BedrockProvider(HttpProvider):
    """One Region's runtime."""

    stream_type = "application/vnd.amazon.eventstream"

    def __init__(self, config: ProviderConfig, dialect: Dialect, deps: ProviderDeps) -> None:
        region = checked_region(config.region)
        url = config.base_url or endpoint("bedrock-runtime", region)
        session, origin = deps.session(config, url)
        super().__init__(config, dialect, session, deps.clock, forwarded=_FORWARDED)
        self._authorization = Authorization(config.credential, region, deps)
        self._path = origin.path
        self._authority = origin.authority
        self._deps = deps
        self._control: BedrockControl | None = None

    async def send(self, call: Call) -> ProviderAnswer:
        """Send it once; a stream comes as lines. Raises ``CallFailedError``."""
        answer = await super().send(call)
        return LinesAnswer(answer) if call.stream else answer

    async def _request(self, call: Call) -> Request:
        body = encoded(call.body)
        target = self._target(call)
        headers = self._headers(call)
        signed = await self._authorization.headers("POST", target, self._authority, headers, body)
        return Request("POST", target, (*headers, *signed), body)

    def _target(self, call: Call) -> str:
        if call.operation == "chat":
            verb = "converse-stream" if call.stream else "converse"
        elif call.operation == "embeddings":
            verb = "invoke"
        else:
            raise bad_request(f"the provider has no {call.operation}", "operation")
        if not _MODEL.fullmatch(call.model):
            raise bad_request("not the name of a model on Bedrock", "model")
        return f"{self._path}/model/{label(call.model)}/{verb}"

    async def probe(self, timeout_s: float) -> None:
        """List inference profiles: free, and refused where the keys are not good."""
        if self._control is None:
            self._control = BedrockControl(self._config, self._deps)
        await self._control.inference_profiles(limit=1, timeout_s=timeout_s)

    async def close(self) -> None:
        """Close its connections."""
        await self._authorization.close()
        if self._control is not None:
            await self._control.close()
        await super().close()

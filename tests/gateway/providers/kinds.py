"""Every kind of provider over HTTP, set up to reach a server of the tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from sensorium.gateway.failure import Failure, FailureKind
from sensorium.gateway.provider import Call, Provider
from sensorium.gateway.providers.config import Kind, ProviderConfig
from sensorium.gateway.providers.deps import ProviderDeps
from sensorium.gateway.providers.destinations import Resolve, resolve
from sensorium.gateway.providers.registry import make_provider
from sensorium.observe import Observe
from tests.gateway.upstreams.anthropic import AnthropicEmulator
from tests.gateway.upstreams.bedrock import BedrockEmulator
from tests.gateway.upstreams.eventstream import event
from tests.gateway.upstreams.gemini import GeminiEmulator
from tests.gateway.upstreams.openai import OpenAIEmulator
from tests.gateway.upstreams.server import Emulator

NAMES = ("openai_chat", "openai_responses", "anthropic", "gemini", "bedrock")
_BY_STATUS = {
    401: FailureKind.UNAUTHENTICATED,
    403: FailureKind.UNAUTHENTICATED,
    404: FailureKind.NOT_FOUND,
    429: FailureKind.RATE_LIMITED,
    503: FailureKind.OVERLOADED,
}


def careless_dialect(name: str) -> Any:
    """A dialect that passes on whatever an error says: the provider must still leak nothing."""

    def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        kind = _BY_STATUS.get(status, FailureKind.SERVER_ERROR)
        asked = headers.get("retry-after", "")
        wait = float(asked) if asked.isdigit() else None
        return Failure(kind, body.decode("utf-8", "replace"), status, repr(dict(headers)), wait)

    return SimpleNamespace(name=name, parse_error=parse_error)


CARELESS = {name: careless_dialect(name) for name in NAMES}


@dataclass(frozen=True)
class Case:
    """One kind: its emulator, what it is asked, and how a key is given to it."""

    kind: Kind
    emulator: Callable[[], Emulator]
    chat: Mapping[str, Any]
    stream: Mapping[str, Any]
    base_path: str = ""
    embeddings: Mapping[str, Any] | None = None
    model: str = "echo"
    stream_type: str = "text/event-stream"
    piece: bytes = b"data: begun\n\n"
    given: Mapping[str, Any] = field(default_factory=dict)

    def environment(self, key: str) -> dict[str, str]:
        if self.kind is Kind.BEDROCK:
            return {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": key}
        return {"UPSTREAM_KEY": key}

    def make(
        self,
        url: str,
        *,
        key: str = "",
        observe: Observe | None = None,
        dialects: Mapping[str, Any] = CARELESS,
        environment: Mapping[str, str] | None = None,
        resolver: Resolve = resolve,
        **changes: Any,
    ) -> Provider:
        """A provider at ``url``; the key is the emulator's unless another is given."""
        key = key or str(self.emulator().key)
        deps = ProviderDeps(
            observe=observe or Observe(),
            dialects=dialects,
            resolver=resolver,
            environment={**self.environment(key), **(environment or {})},
        )
        credential = "aws:env" if self.kind is Kind.BEDROCK else "env:UPSTREAM_KEY"
        given = {
            "name": "tested",
            "kind": self.kind,
            "base_url": url + self.base_path,
            "credential": credential,
            "allow_private_destinations": True,
            **self.given,
            **changes,
        }
        return make_provider(ProviderConfig(**given), deps)

    def call(self, *, stream: bool = False, **changes: Any) -> Call:
        given = {
            "operation": "chat",
            "model": self.model,
            "body": self.stream if stream else self.chat,
            "stream": stream,
            "timeout_s": 30.0,
            "first_byte_s": 30.0,
            **changes,
        }
        return Call(**given)


_HELLO = [{"role": "user", "content": "hello"}]
_OPENAI = {"model": "echo", "messages": _HELLO}
_ANTHROPIC = {"model": "echo", "max_tokens": 50, "messages": _HELLO}
_GEMINI = {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}
_CONVERSE = {"messages": [{"role": "user", "content": [{"text": "hello"}]}]}

CASES = {
    "openai": Case(
        Kind.OPENAI,
        OpenAIEmulator,
        _OPENAI,
        {**_OPENAI, "stream": True},
        base_path="/v1",
        embeddings={"model": "echo", "input": ["a", "bc"]},
    ),
    "azure": Case(
        Kind.AZURE,
        lambda: OpenAIEmulator(header="api-key"),
        _OPENAI,
        {**_OPENAI, "stream": True},
        embeddings={"model": "echo", "input": ["a", "bc"]},
        given={"api_version": "2024-10-21"},
    ),
    "anthropic": Case(
        Kind.ANTHROPIC,
        AnthropicEmulator,
        _ANTHROPIC,
        {**_ANTHROPIC, "stream": True},
        base_path="/v1",
    ),
    "gemini": Case(
        Kind.GEMINI,
        GeminiEmulator,
        _GEMINI,
        _GEMINI,
        base_path="/v1beta",
        embeddings={"content": {"parts": [{"text": "a"}]}},
    ),
    "bedrock": Case(
        Kind.BEDROCK,
        BedrockEmulator,
        _CONVERSE,
        _CONVERSE,
        embeddings={"inputText": "a"},
        model="arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.echo-v1:0",
        stream_type="application/vnd.amazon.eventstream",
        piece=event("messageStart", b'{"role": "begun"}'),
        given={"region": "eu-central-1"},
    ),
}

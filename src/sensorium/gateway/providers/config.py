"""Settings of one provider."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sensorium.component import setting


class Kind(StrEnum):
    """How a provider is spoken to."""

    OPENAI = "openai"
    AZURE = "azure"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    BEDROCK = "bedrock"
    LITELLM = "litellm"
    LOCAL = "local"


# They belong to the transport, or carry a credential.
_NOT_EXTRA: Final = frozenset(
    "host content-length transfer-encoding connection accept-encoding te upgrade expect "
    "authorization proxy-authorization api-key x-api-key x-goog-api-key cookie".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraHeader:
    """A header that is sent with every request of a provider; not for credentials."""

    name: str = setting("", "its name", pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
    value: str = setting("", "its value", pattern=r"^[\x20-\x7e]*$")

    def __post_init__(self) -> None:
        """ValueError for a header that is not for settings to send."""
        if self.name.lower() in _NOT_EXTRA:
            raise ValueError(f"headers: {self.name} cannot be set here")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderConfig:
    """One endpoint that models are called at."""

    name: str = setting("", "what routes, metrics and logs call it", pattern=r"^[\w.-]{1,100}$")
    kind: Kind = setting(
        Kind.OPENAI,
        "openai (and servers that speak like it), azure, anthropic, gemini, bedrock, "
        "litellm or local",
    )
    base_url: str = setting("", "where it is, up to and with /v1; empty: the provider's own")
    credential: str = setting("", "env:NAME or file:/path; for bedrock also aws:... ; never a key")
    region: str = setting("", "AWS Region, for bedrock", pattern=r"^[a-z0-9-]*$")
    api_version: str = setting("", "for azure and anthropic", pattern=r"^[\w.-]*$")
    headers: tuple[ExtraHeader, ...] = setting((), "headers sent with every request")
    allow_private_destinations: bool = setting(
        False, "let it be reached at private addresses, and without TLS there"
    )
    ca_file: str = setting("", "certificates to trust instead of the system's, as PEM", path=True)
    max_connections: int = setting(1000, "connections at once", ge=1, le=10_000)
    connect_timeout_s: float = setting(5.0, "seconds to connect, TLS included", gt=0, le=60)
    idle_timeout_s: float = setting(
        4.0, "seconds an unused connection is kept; less than the server keeps it", gt=0, le=600
    )
    max_answer_bytes: int = setting(
        64 * 1024 * 1024, "largest answer that is read, in bytes", ge=1024
    )
    model_file: str = setting("", "GGUF file, for local; empty: the packaged one", path=True)
    context_tokens: int = setting(4096, "context of a local model", ge=256, le=1_048_576)
    threads: int = setting(0, "threads of a local model; 0: as many as processors", ge=0, le=256)
    queue_length: int = setting(
        16, "requests that wait for a local model before more are refused", ge=0, le=10_000
    )

"""A provider reached by LiteLLM's SDK; the model's name is LiteLLM's, such as ``groq/NAME``.

Slower than the gateway's own providers by LiteLLM's own work, and less confined: the SDK opens
connections itself, so that the rule on addresses (``destinations``) does not hold here. What a
caller may say is confined by ``arguments``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from importlib.util import find_spec
from typing import Any

import orjson

from sensorium.errors import UsageError
from sensorium.gateway.dialect import Dialect
from sensorium.gateway.provider import Call, ProviderAnswer
from sensorium.gateway.providers.config import ProviderConfig
from sensorium.gateway.providers.credentials import credential
from sensorium.gateway.providers.deps import ProviderDeps
from sensorium.gateway.providers.destinations import origin_of
from sensorium.gateway.providers.failures import bad_answer, timed_out
from sensorium.gateway.providers.litellm_sdk.arguments import checked
from sensorium.gateway.providers.litellm_sdk.failures import failure_of
from sensorium.gateway.providers.litellm_sdk.loading import load
from sensorium.gateway.providers.secret import Secret


class LiteLLMProvider:
    """Calls ``acompletion`` and ``aembedding``, once each, with the SDK's own retries off."""

    def __init__(self, config: ProviderConfig, dialect: Dialect, deps: ProviderDeps) -> None:
        if find_spec("litellm") is None:
            raise UsageError(
                f"provider {config.name}: kind litellm needs LiteLLM's SDK",
                next_step="pip install 'sensorium[litellm]'",
            )
        if config.base_url:
            origin_of(config.base_url, plain_allowed=config.allow_private_destinations)
        self._config = config
        self._dialect = dialect
        self._credential = credential(config.credential, deps.environment)
        self._module: Any = None
        self._loading = asyncio.Lock()
        self._headers = {header.name: header.value for header in config.headers}

    @property
    def kind(self) -> str:
        """``litellm``."""
        return self._config.kind.value

    @property
    def dialect(self) -> Dialect:
        """OpenAI's, which is the SDK's."""
        return self._dialect

    async def send(self, call: Call) -> ProviderAnswer:
        """Send it once; raises ``CallFailedError``."""
        arguments = checked(call.operation, call.body)
        secret = self._credential.current()
        deadline = asyncio.get_running_loop().time() + call.timeout_s
        ask = getattr(
            await self._loaded(), "acompletion" if call.operation == "chat" else "aembedding"
        )
        if call.operation == "chat":
            arguments["stream"] = call.stream
        found = await self._asked(ask, call, arguments, secret)
        if call.stream:
            return _Stream(found, self._dialect, secret, deadline)
        return _Whole(found)

    async def _asked(
        self, ask: Any, call: Call, arguments: Mapping[str, Any], secret: Secret
    ) -> Any:
        # Raised outside of the handlers: what the SDK raises has the key in its frames.
        try:
            async with asyncio.timeout(min(call.first_byte_s, call.timeout_s)):
                return await ask(
                    model=call.model,
                    timeout=call.timeout_s,
                    num_retries=0,
                    max_retries=0,
                    **self._connection(secret),
                    **arguments,
                )
        except TimeoutError:
            failed = timed_out("the provider did not begin to answer in time", "first_byte")
        except Exception as error:  # noqa: BLE001  whatever the SDK raises is a failed call
            failed = failure_of(error, self._dialect, secret)
        raise failed

    def _connection(self, secret: Secret) -> dict[str, Any]:
        given: dict[str, Any] = {"api_key": secret.reveal()} if secret else {}
        if self._config.base_url:
            # Not base_url, which embeddings leave unused: they would go to the provider's own.
            given["api_base"] = self._config.base_url
        if self._config.api_version:
            given["api_version"] = self._config.api_version
        if self._headers:
            given["extra_headers"] = self._headers
        return given

    async def _loaded(self) -> Any:
        async with self._loading:
            if self._module is None:
                self._module = await asyncio.to_thread(load)
            return self._module

    async def probe(self, timeout_s: float) -> None:
        """Whether SDK and credential are there: the SDK has no free question for each provider."""
        self._credential.current()
        await self._loaded()

    async def close(self) -> None:
        """The SDK keeps its connections for the process."""


class _Whole:
    """An answer that came in one piece."""

    status = 200

    def __init__(self, found: Any) -> None:
        self.headers: Mapping[str, str] = {"content-type": "application/json"}
        self._found = found

    async def body(self) -> bytes:
        """As OpenAI's JSON."""
        return _json(self._found)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The same, in one piece."""
        yield await self.body()

    async def aclose(self) -> None:
        """Nothing is under way."""


class _Stream:
    """An answer that comes in pieces, as OpenAI's server-sent events."""

    status = 200

    def __init__(self, found: Any, dialect: Dialect, secret: Secret, deadline: float) -> None:
        self.headers: Mapping[str, str] = {"content-type": "text/event-stream"}
        self._found = found
        self._dialect = dialect
        self._secret = secret
        self._deadline = deadline

    async def body(self) -> bytes:
        """All pieces."""
        return b"".join([piece async for piece in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        """Each piece as it comes; raises ``CallFailedError`` where the stream breaks."""
        pieces = aiter(self._found)
        while True:
            failed = None
            try:
                async with asyncio.timeout_at(self._deadline):
                    piece = await anext(pieces)
            except StopAsyncIteration:
                break
            except TimeoutError:
                failed = timed_out("the provider's answer took too long", "whole")
            except Exception as error:  # noqa: BLE001  whatever the SDK raises is a broken stream
                failed = failure_of(error, self._dialect, self._secret)
            if failed is not None:
                raise failed
            yield b"data: " + _json(piece) + b"\n\n"
        yield b"data: [DONE]\n\n"

    async def aclose(self) -> None:
        """Close the SDK's connection."""
        close = getattr(self._found, "aclose", None)
        if close is not None:
            await close()


def _json(found: Any) -> bytes:
    try:
        return orjson.dumps(found.model_dump(exclude_none=True))
    except (TypeError, ValueError, AttributeError):
        raise bad_answer("LiteLLM's answer cannot be written as JSON", "json") from None

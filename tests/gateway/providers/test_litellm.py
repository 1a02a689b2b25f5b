"""LiteLLM's SDK, for real, against a server that speaks OpenAI's dialect."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import pytest

from sensorium.errors import UsageError
from sensorium.gateway.dialects.registry import DIALECTS
from sensorium.gateway.events import Broken, Ended, TextPiece
from sensorium.gateway.failure import CallFailedError, Failure, FailureKind
from sensorium.gateway.provider import Call
from sensorium.gateway.providers.config import Kind, ProviderConfig
from sensorium.gateway.providers.deps import ProviderDeps
from sensorium.gateway.providers.litellm_sdk.arguments import checked
from sensorium.gateway.providers.registry import make_provider
from sensorium.observe import Observe
from tests.gateway.upstreams.openai import OpenAIEmulator
from tests.gateway.upstreams.raw import Received, answer, chunked, raw_upstream, says
from tests.gateway.upstreams.server import serving

# Not importorskip, which would import it, and with it what it asks of the internet.
pytestmark = pytest.mark.skipif(find_spec("litellm") is None, reason="needs the extra litellm")

HELLO = {"messages": [{"role": "user", "content": "hello"}]}


def provider(url: str, key: str = "sk-test-0123456789") -> Any:
    config = ProviderConfig(
        name="other",
        kind=Kind.LITELLM,
        base_url=f"{url}/v1",
        credential="env:KEY",
        allow_private_destinations=True,
    )
    deps = ProviderDeps(observe=Observe(), dialects=DIALECTS, environment={"KEY": key})
    return make_provider(config, deps)


def call(operation: str = "chat", *, stream: bool = False, **given: Any) -> Call:
    body = given.pop("body", HELLO)
    timeouts = {"timeout_s": 60.0, "first_byte_s": 60.0, **given}
    return Call(operation=operation, model="openai/echo", body=body, stream=stream, **timeouts)


async def failure(awaitable: Any) -> Failure:
    with pytest.raises(CallFailedError) as caught:
        await awaitable
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None, "what the SDK raised holds the request"
    return caught.value.failure


def test_loading_it_asks_nothing_of_the_network_and_reads_no_settings_file(tmp_path: Any) -> None:
    (tmp_path / ".env").write_text("PLANTED=1\n")
    code = (
        "import os, socket, sys\n"
        "def refuse(*a, **k):\n"
        "    print('asked', a); os._exit(3)\n"
        "socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse\n"
        "import sensorium.gateway.providers.registry\n"
        "assert 'litellm' not in sys.modules\n"
        "import sensorium.gateway.providers.litellm_sdk.provider as p\n"
        "assert 'litellm' not in sys.modules, 'only when a call needs it'\n"
        "p.load()\n"
        "assert 'PLANTED' not in os.environ\n"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LITELLM")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_chats_streams_and_embeddings_are_answered() -> None:
    async def scenario() -> None:
        async with serving(OpenAIEmulator()) as upstream:
            one = provider(upstream.url)
            await one.probe(60.0)
            got = await one.send(call())
            reply = DIALECTS["openai_chat"].parse_reply(json.loads(await got.body()))
            assert reply.answers[0].parts[0].text == "You said: hello"
            assert reply.usage is not None
            assert reply.usage.input == 7
            await got.aclose()

            got = await one.send(call(stream=True))
            reader = DIALECTS["openai_chat"].stream_reader()
            frames = [frame async for piece in got.chunks() for frame in reader.feed(piece)]
            events = [event for frame in [*frames, *reader.close()] for event in frame.events]
            texts = [event.text for event in events if isinstance(event, TextPiece)]
            assert "".join(texts) == "You said: hello"
            assert isinstance(events[-1], Ended)
            assert not any(isinstance(event, Broken) for event in events)
            await got.aclose()

            got = await one.send(call("embeddings", body={"input": ["a", "bc"]}))
            found = json.loads(await got.body())
            assert [item["embedding"] for item in found["data"]] == [[1.0, 0.5], [2.0, 0.5]]
            await one.close()

    asyncio.run(scenario())


def test_failures_are_told_apart_and_nothing_is_sent_twice() -> None:
    expected = {
        "429 Too Many Requests": FailureKind.RATE_LIMITED,
        "500 Internal Server Error": FailureKind.SERVER_ERROR,
        "503 Service Unavailable": FailureKind.OVERLOADED,
        "404 Not Found": FailureKind.NOT_FOUND,
        "400 Bad Request": FailureKind.BAD_REQUEST,
        "401 Unauthorized": FailureKind.UNAUTHENTICATED,
    }

    async def scenario() -> None:
        for status, kind in expected.items():
            body = json.dumps({"error": {"message": "no: sk-planted-key", "type": "x"}}).encode()
            async with raw_upstream(says(answer(body, status, Retry_After="7"))) as upstream:
                failed = await failure(provider(upstream.url, "sk-planted-key").send(call()))
                assert failed.kind is kind
                assert "sk-planted-key" not in repr(failed)
                assert len(upstream.requests) == 1
                if kind is FailureKind.RATE_LIMITED:
                    assert failed.retry_after_s == 7.0
        unreachable = await failure(provider("http://127.0.0.1:9").send(call()))
        assert unreachable.kind in {FailureKind.UNREACHABLE, FailureKind.SERVER_ERROR}

    asyncio.run(scenario())


def test_late_and_broken_answers_are_failures_and_leaving_hangs_up() -> None:
    async def say(_: Received, writer: asyncio.StreamWriter) -> None:
        head = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "echo"}
        piece = {**head, "choices": [{"index": 0, "delta": {"content": "begun"}}]}
        writer.write(chunked(b"data: " + json.dumps(piece).encode() + b"\n\n")[:-5])
        await asyncio.sleep(60)

    async def hang(_: Received, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async def scenario() -> None:
        async with raw_upstream(hang) as upstream:
            # The first call of a process spends a while before it connects.
            for limit_s in (0.3, 3.0, 30.0):
                late = await failure(provider(upstream.url).send(call(first_byte_s=limit_s)))
                assert late.kind is FailureKind.TIMEOUT
                if upstream.connections:
                    break
            await upstream.hung_up.wait()
        async with raw_upstream(say) as upstream:
            got = await provider(upstream.url).send(call(stream=True))
            pieces = got.chunks()
            assert b"begun" in await anext(pieces)
            await got.aclose()
            await upstream.hung_up.wait()
        async with raw_upstream(say) as upstream:
            got = await provider(upstream.url).send(call(stream=True, timeout_s=1.0))
            pieces = got.chunks()
            await anext(pieces)
            assert (await failure(anext(pieces))).kind is FailureKind.TIMEOUT
            await got.aclose()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "changes",
    [
        {"api_base": "http://127.0.0.1"},
        {"base_url": "http://127.0.0.1"},
        {"api_key": "x"},
        {"custom_llm_provider": "x"},
        {"mock_response": "x"},
        {"fallbacks": ["x"]},
        {"extra_headers": {}},
        {"extra_body": {}},
        {"callbacks": []},
        {"metadata": {}},
        {"aws_region_name": "x"},
        {"tools": [{"type": "mcp", "server_url": "http://127.0.0.1"}]},
        {"tools": {"type": "function"}},
        {"response_format": {"type": "x"}},
        {"messages": "hello"},
        {"messages": [{"role": "user", "content": {"a": 1}}]},
        {"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]},
        *(
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": url}]}]}
            for url in (
                {"url": "http://169.254.169.254/latest"},
                "https://models.test/a.png",
                {"url": "file:///etc/passwd"},
                {"url": "data:text/html,a"},
                {},
            )
        ),
    ],
)
def test_a_caller_cannot_reach_the_sdks_own_options_or_make_it_fetch(changes: Any) -> None:
    with pytest.raises(CallFailedError) as caught:
        checked("chat", {**HELLO, **changes})
    assert caught.value.failure.kind is FailureKind.BAD_REQUEST


def test_pictures_in_the_request_itself_pass() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    body = {"model": "x", "messages": [{"role": "user", "content": [picture]}], "stream": True}
    assert checked("chat", body) == {"messages": body["messages"]}


def test_a_missing_sdk_is_told_when_the_settings_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    import sensorium.gateway.providers.litellm_sdk.provider as module

    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="LiteLLM") as caught:
        provider("http://127.0.0.1:9")
    assert "sensorium[litellm]" in caught.value.next_step

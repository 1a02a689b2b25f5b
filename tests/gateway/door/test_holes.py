"""Classes of holes that gateways have had, each tried against this one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from sensorium.cli import main
from sensorium.gateway.cache.config import CacheConfig
from sensorium.observe.traces import trace_with
from tests.gateway.calls.test_fallbacks import fails
from tests.gateway.door.test_bad_input import head, raw
from tests.gateway.served import Served, model, provider, serving, settings
from tests.gateway.upstreams.openai import OpenAIEmulator
from tests.gateway.upstreams.raw import answer, raw_upstream, says
from tests.gateway.upstreams.server import serving as emulating

CHAT = "/v1/chat/completions"
ASKED = {"model": "m", "messages": [{"role": "user", "content": "a word nobody else says"}]}


@asynccontextmanager
async def gateway(**more: Any) -> AsyncIterator[tuple[Served, OpenAIEmulator]]:
    upstream = OpenAIEmulator()
    async with emulating(upstream):
        given = settings(
            model("m", "up", attempts=1), providers=(provider("up", upstream.url),), **more
        )
        async with serving(given, upstream) as served:
            yield served, upstream


def test_a_callers_base_url_and_key_are_only_words_in_its_body() -> None:
    async def check() -> None:
        async with raw_upstream(says(answer(b"{}"))) as evil, gateway() as (served, upstream):
            for name in ("base_url", "api_base", "api_key", "custom_llm_provider", "endpoint"):
                await served.post(
                    CHAT,
                    {**ASKED, name: evil.url, "extra_body": {name: evil.url}},
                    **{"x-base-url": evil.url, "x-forwarded-host": evil.url[7:]},
                )
            assert evil.connections == 0
            assert len(upstream.seen) == 5
            assert all(
                one.headers["authorization"] == f"Bearer {upstream.key}" for one in upstream.seen
            )

    asyncio.run(check())


@pytest.mark.parametrize("host", ["evil.example", "localhost:1", "127.0.0.1@evil.example", "a b"])
def test_the_host_header_changes_neither_the_route_nor_who_may_use_it(host: str) -> None:
    async def check() -> None:
        async with gateway() as (served, upstream):
            body = json.dumps(ASKED).encode()
            good = head(served, CHAT, len(body), host)
            ending = good.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
            assert (await raw(served, ending + body)).startswith(b"HTTP/1.1 200 ")
            assert upstream.seen[-1].headers["host"] == upstream.url.removeprefix("http://")
            bad = ending.replace(served.key.encode(), b"wrong")
            assert (await raw(served, bad + body)).startswith(b"HTTP/1.1 401 ")

    asyncio.run(check())


def test_a_whole_url_as_the_target_is_routed_by_its_path_alone() -> None:
    async def check() -> None:
        async with gateway() as (served, upstream):
            body = json.dumps(ASKED).encode()
            data = head(served, "http://evil.example/healthz?x=/v1/chat/completions", len(body))
            reply = await raw(
                served, data.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n") + body
            )
            assert reply.startswith(b"HTTP/1.1 405 ")
            assert upstream.seen == []

    asyncio.run(check())


def test_an_answer_that_one_team_brought_in_is_no_other_teams() -> None:
    async def check() -> None:
        async with gateway(cache=CacheConfig(enabled=True)) as (served, upstream):
            await served.post(CHAT, ASKED)
            await served.parts.background.done()
            _, _, headers = await served.post(
                CHAT, ASKED, authorization=f"Bearer {served.other_key}"
            )
            assert headers["x-sensorium-cache"] == "miss"
            assert len(upstream.seen) == 2

    asyncio.run(check())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_a_providers_key_is_in_no_error_log_metric_or_trace(status: int) -> None:
    async def check() -> None:
        async with gateway() as (served, upstream):
            spans = InMemorySpanExporter()
            served.observe._tracer = trace_with(SimpleSpanProcessor(spans)).tracer
            upstream.faults.append(fails(status, "some_code", f"key {upstream.key} is no good"))
            _, body, headers = await served.post(CHAT, ASKED)
            async with served.http.get(f"{served.url}/metrics") as answered:
                metrics = await answered.text()
            told = [span.to_json() for span in spans.get_finished_spans()]
            assert told
            everything = "".join([*told, str(body), str(headers), metrics, served.log.getvalue()])
            assert upstream.key not in everything
            assert served.key not in everything

    asyncio.run(check())


def test_nothing_of_what_was_asked_or_answered_is_logged_counted_or_traced() -> None:
    async def check() -> None:
        async with gateway() as (served, upstream):
            spans = InMemorySpanExporter()
            served.observe._tracer = trace_with(SimpleSpanProcessor(spans)).tracer
            await served.post(CHAT, ASKED)
            upstream.faults.append(fails(500))
            await served.post(CHAT, {**ASKED, "stream": True})
            await served.post(CHAT, json.dumps(ASKED)[:-1].encode())
            async with served.http.get(f"{served.url}/metrics") as answered:
                metrics = await answered.text()
            told = [span.to_json() for span in spans.get_finished_spans()]
            assert len(told) == 2
            everything = "".join([*told, metrics, served.log.getvalue()])
            assert '"message": "call"' in everything
            assert "nobody" not in everything

    asyncio.run(check())


@pytest.mark.parametrize(
    "path",
    ["/test", "/health/test_connection", "/v1/test", "/admin/test", "/model/new", "/config/update"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_there_is_no_route_that_tries_a_connection_or_takes_code(path: str, method: str) -> None:
    async def check() -> None:
        async with gateway() as (served, _):
            headers = {"authorization": f"Bearer {served.key}"}
            async with served.http.request(method, served.url + path, headers=headers) as got:
                assert got.status == 404

    asyncio.run(check())


TEMPLATES = ["{{ 7*7 }}", "${HOME}", "%(name)s", "{0.__class__}", "os.environ/HOME", "#{7*7}"]


@pytest.mark.parametrize("text", TEMPLATES)
def test_settings_and_what_callers_write_are_never_templates(text: str, tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    yaml = (
        f"providers:\n  - name: up\n    headers:\n      - name: x-note\n        value: {text!r}\n"
    )
    file.write_text(yaml)
    from sensorium.config import load_tree
    from sensorium.gateway.config import GatewaySettings

    loaded = load_tree(GatewaySettings, file, {}, "X__")
    assert loaded.providers[0].headers[0].value == text

    async def check() -> None:
        async with gateway() as (served, _):
            asked = {**ASKED, "messages": [{"role": "user", "content": text}]}
            _, body, _ = await served.post(CHAT, asked)
            assert body["choices"][0]["message"]["content"] == f"You said: {text}"
            _, body, _ = await served.post(CHAT, {**ASKED, "model": text})
            assert text in body["error"]["message"]

    asyncio.run(check())


@pytest.mark.parametrize(
    "text",
    [
        "callbacks: [mine.py]",
        "custom_auth: module.function",
        "guardrails: !!python/object/apply:os.system ['true']",
        "providers: [{name: a, kind: custom}]",
        "providers: [{name: a, module: os}]",
    ],
)
def test_no_setting_runs_code_or_names_any(text: str, tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(text)
    assert CliRunner().invoke(main, ["gateway", "check", "-c", str(file)]).exit_code == 2

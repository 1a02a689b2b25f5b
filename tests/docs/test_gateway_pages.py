"""The gateway's how-to pages, done as they say: their settings, their commands, in their order."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import anthropic
import openai
import pytest
import yaml
from click.testing import CliRunner

from sensorium.cli import main
from sensorium.config import load_tree
from sensorium.gateway.config import GatewaySettings
from sensorium.gateway.door.config import DoorConfig
from sensorium.gateway.guardrails.decision import Flag, Stage
from tests.gateway.calls.test_fallbacks import fails
from tests.gateway.served import provider, serving
from tests.gateway.upstreams.anthropic import AnthropicEmulator
from tests.gateway.upstreams.openai import OpenAIEmulator
from tests.gateway.upstreams.server import serving as emulating

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "how-to"
ASKED = [{"role": "user", "content": "four small green words"}]
_BLOCK = re.compile(r"^( *)```(yaml|toml|console)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)


def blocks(page: str, kind: str) -> list[str]:
    """The blocks of a page that are not its own test already, without their indent."""
    text = (PAGES / page).read_text(encoding="utf-8")
    return [
        re.sub(rf"^{match[1]}", "", match[3], flags=re.MULTILINE)
        for match in _BLOCK.finditer(text)
        if match[2] == kind
    ]


def commands(page: str) -> list[str]:
    """What a reader types, in the page's order."""
    return [
        line.removeprefix("$ ")
        for block in blocks(page, "console")
        for line in block.splitlines()
        if line.startswith("$ ")
    ]


def at_home(command: str, folder: Path) -> str:
    """Run one of the gateway's commands where the page's gateway.yaml lies; what it prints."""
    words = [
        str(folder / word) if word == "gateway.yaml" else word for word in shlex.split(command)
    ]
    assert words[0] == "sensorium"
    done = CliRunner().invoke(
        main, words[1:], env={"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k"}
    )
    assert done.exit_code == 0, f"{command}\n{done.output}"
    return done.output


@asynccontextmanager
async def running(folder: Path, **environment: str) -> AsyncIterator[str]:
    """``sensorium gateway run`` in a process of its own, on any free port; its URL."""
    command = [sys.executable, "-m", "sensorium", "gateway", "run", "--port", "0"]
    process = await asyncio.create_subprocess_exec(
        *command,
        "-c",
        str(folder / "gateway.yaml"),
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )
    assert process.stderr is not None
    try:
        said = b""
        async with asyncio.timeout(120):
            while not (found := re.search(rb"answers at (http://\S+)/v1", said)):
                line = await process.stderr.readline()
                assert line, said.decode()
                said += line
        yield found[1].decode()
    finally:
        process.terminate()
        await process.communicate()


def test_an_existing_application_gets_another_base_url_and_key_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = "put-the-gateway-before-an-application.md"
    (written,) = blocks(page, "yaml")

    async def check() -> None:
        first, second = OpenAIEmulator(), AnthropicEmulator()
        async with emulating(first), emulating(second):
            given = yaml.safe_load(written)
            # In place of the providers' own addresses; all else is the page's.
            for one, url in zip(given["providers"], (f"{first.url}/v1", second.url), strict=True):
                one |= {"base_url": url, "allow_private_destinations": True}
            given["data_dir"] = str(tmp_path / "var")
            (tmp_path / "gateway.yaml").write_text(yaml.safe_dump(given))
            typed = commands(page)
            exports = [one for one in typed if one.startswith("export ")]
            made = [one for one in typed if one not in exports and "gateway run" not in one]
            printed = "".join([at_home(command, tmp_path) for command in made])
            key = re.search(r"sk-sens-\S{20,}", printed)
            assert key
            keys = {"OPENAI_API_KEY": first.key, "ANTHROPIC_API_KEY": second.key}
            async with running(tmp_path, **keys) as url:
                for export in exports:
                    for setting in export.removeprefix("export ").split():
                        name, _, value = setting.partition("=")
                        value = value.replace("http://127.0.0.1:4000", url)
                        monkeypatch.setenv(name, value.replace("sk-sens-...", key[0]))
                await applications()

    asyncio.run(check())


async def applications() -> None:
    """Two applications that know of no gateway."""
    async with openai.AsyncOpenAI() as first, anthropic.AsyncAnthropic() as second:
        for name in ("gpt-4o-mini", "claude-sonnet-5-5"):
            answer = await first.chat.completions.create(
                model=name,
                messages=ASKED,  # type: ignore[arg-type]  # a plain dictionary is one
                max_tokens=50,
            )
            assert answer.choices[0].message.content == "You said: four small green words"
            message = await second.messages.create(
                model=name,
                messages=ASKED,  # type: ignore[arg-type]  # as above
                max_tokens=50,
            )
            assert message.content[0].type == "text"
            assert message.content[0].text == "You said: four small green words"


@pytest.mark.parametrize(
    ("fault", "count", "to"),
    [
        (fails(503), 2, "assistant-small"),
        (fails(429, "rate_limit_exceeded"), 2, "assistant-small"),
        (fails(400, "context_length_exceeded"), 1, "assistant-long"),
        (fails(400, "content_filter"), 1, "assistant-strict"),
    ],
)
def test_a_fallback_is_taken_as_the_page_says(
    tmp_path: Path, fault: object, count: int, to: str
) -> None:
    (written,) = blocks("add-a-fallback.md", "yaml")

    async def check() -> None:
        both, spare = OpenAIEmulator(), OpenAIEmulator()
        async with emulating(both), emulating(spare):
            others = "".join(
                f"  - {{name: assistant-{kind}, deployments: [{{provider: spare, model: echo}}]}}\n"
                for kind in ("small", "long", "strict")
            )
            first = provider("anthropic", both.url)
            second = replace(first, name="bedrock-eu")
            providers = (first, second, provider("spare", spare.url))
            named = "".join(f"  - {{name: {one.name}}}\n" for one in providers)
            file = tmp_path / "gateway.yaml"
            file.write_text(f"{written}{others}providers:\n{named}")
            settings = load_tree(GatewaySettings, file, {}, "NONE__")
            settings = replace(settings, providers=providers, door=DoorConfig(port=0))
            both.faults.extend([fault] * count)  # type: ignore[list-item]  # a Fault
            async with serving(settings, both, both, spare) as served:
                body = {"model": "assistant", "messages": ASKED}
                status, _, headers = await served.post("/v1/chat/completions", body)
                assert status == 200
                assert headers["x-sensorium-deployment"] == "spare/echo"
                assert headers["x-sensorium-attempts"] == str(count + 1)
                assert f"; {to}: " in headers["x-sensorium-route-reason"]

    asyncio.run(check())


def test_data_that_must_stay_in_one_region_goes_nowhere_until_the_account_was_seen(
    tmp_path: Path,
) -> None:
    page = "keep-data-in-one-region.md"
    written = blocks(page, "yaml")[0]
    (tmp_path / "gateway.yaml").write_text(f"{written}\ndata_dir: {tmp_path / 'var'}\n")
    (prices,) = blocks(page, "toml")
    (tmp_path / "prices.toml").write_text(prices)
    assert "good" in at_home("sensorium gateway check -c gateway.yaml", tmp_path)
    at_home("sensorium gateway directory add organisation acme -c gateway.yaml", tmp_path)
    (add,) = [one for one in commands(page) if "directory add" in one]
    at_home(add, tmp_path)
    with closing(sqlite3.connect(tmp_path / "var" / "gateway.sqlite")) as database:
        found = database.execute("SELECT privacy FROM gateway_subjects WHERE name = 'claims'")
        assert found.fetchall() == [("restricted",)]

    async def check() -> None:
        settings = load_tree(GatewaySettings, tmp_path / "gateway.yaml", {}, "NONE__")
        settings = replace(settings, door=DoorConfig(port=0))
        async with serving(settings, privacy="restricted") as served:
            body = {"model": "assistant", "messages": ASKED}
            status, answer, _ = await served.post("/v1/chat/completions", body)
            assert (status, answer["error"]["code"]) == (403, "privacy_denied")
            assert await served.rows() == []

    asyncio.run(check())


def test_names_are_masked_by_settings_that_are_read_and_said_as_the_page_says(
    tmp_path: Path,
) -> None:
    page = "mask-names-and-places.md"
    (written,) = blocks(page, "yaml")
    file = tmp_path / "gateway.yaml"
    file.write_text(written, encoding="utf-8")
    (rule,) = load_tree(GatewaySettings, file, {}, "NONE__").guardrails.named_entities
    text = (PAGES / page).read_text(encoding="utf-8")
    assert f"spacy download {rule.model}\n" in text
    said = Flag("named-entities", Stage.BEFORE, "flagged", {rule.entities[0]: 2})
    assert f"`x-sensorium-guardrails: {said}`" in text

"""The pages on scoring over HTTP: what they ask is answered as they say."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import httpx
import jsonschema
import numpy as np
import pytest

from sensorium.config import load
from sensorium.console.detect_openapi import ASKED
from tests.console.detecting import PATH, listening, scorers, scoring, trained

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return [
        text for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")) if kind == language
    ]


def test_the_reference_shows_the_answer_to_its_example(root: Path) -> None:
    asked, shown = map(json.loads, blocks(root / "docs/reference/http-detect.md", "json")[:2])
    jsonschema.validate(asked, ASKED)
    answer = scoring().client.post(PATH, json=asked).json()
    column = answer["columns"]["queue"]
    assert (column["alarms"], column["score"]) == (answer["alarms"], answer["score"])
    assert column["tail_probability"] == answer["tail_probability"]
    column["alarms"] = ["as above"]
    column["score"] = column["tail_probability"] = ["as below"]
    assert answer == shown


def test_the_example_with_a_trained_model_is_answered(root: Path, tmp_path: Path) -> None:
    (asked,) = map(json.loads, blocks(root / "docs/reference/http-detect.md", "json")[2:])
    jsonschema.validate(asked, ASKED)
    name, features = asked["model"].partition("@")[0], tuple(asked["columns"])
    served = scoring(scorers(trained(tmp_path, name, features=features)))
    answer = served.client.post(PATH, json=asked)
    assert answer.status_code == 200, answer.text
    assert [len(row) for row in answer.json()["strongest"]] == [2, 2, 2]
    assert np.argmax(answer.json()["score"]) == 2


@pytest.mark.anyio
async def test_the_recipes_run_against_a_real_server(root: Path, tmp_path: Path) -> None:
    page = root / "docs/how-to/score-over-http.md"
    served = scoring()
    async with listening(served.client.app, served.observe) as url:
        command = blocks(page, "console")[0]
        words = shlex.split(command.replace("\\\n", ""))
        body = words[words.index("--json") + 1]
        (program,) = blocks(page, "python")
        assert words[-1] == f"http://127.0.0.1:8470{PATH}"
        assert words[-1] in program
        answer = await asyncio.to_thread(httpx.post, url + PATH, json=json.loads(body))
        assert "queue is 19, higher than ever" in answer.text
        values = np.random.default_rng(3).random(300)
        rows = [f"2026-01-05T00:{n // 60:02}:{n % 60:02},{x:.3f}" for n, x in enumerate(values)]
        (tmp_path / "host.csv").write_text("\n".join(["time,load", *rows]) + "\n", encoding="utf-8")
        printed = await _run(program.replace("http://127.0.0.1:8470", url), tmp_path)
        wanted = ["score", "tail_probability", "score.load", "tail_probability.load"]
        assert printed.strip() == str(wanted)


async def _run(program: str, folder: Path) -> str:
    """Run a program in a process of its own; what it prints."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def test_the_settings_that_the_recipe_shows_are_settings(root: Path, tmp_path: Path) -> None:
    (shown,) = blocks(root / "docs/how-to/score-over-http.md", "yaml")
    file = tmp_path / "sensorium.yaml"
    file.write_text(shown, encoding="utf-8")
    serving = load(file, {}).detect.serving
    assert (serving.max_rows, serving.max_body_bytes, serving.workers) == (1_000_000, 128 << 20, 4)

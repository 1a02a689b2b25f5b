"""The lab's command line, as far as it goes without root."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from lab.__main__ import main


def test_a_plan_is_told_without_root(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--seed", "11", "--name", "brook"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("site brook, seed 11")
    for kind in ("intrusion", "service_failure", "link_fault", "backup", "deployment"):
        assert kind in told


def test_recording_needs_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["record", "--seed", "1", "--out", str(tmp_path / "r")]) == 2
    assert "run it as root" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


def test_recording_needs_linux(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert main(["record", "--seed", "1", "--out", str(tmp_path)]) == 2
    assert "needs Linux" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--plan", "loud"], "no plan is called"),
        (["--minutes", "2"], "too short"),
        (["--scenarios", "flood"], "flood"),
    ],
)
def test_a_plan_that_cannot_be_is_told(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "--seed", "1", *words]) == 2
    assert says in capsys.readouterr().err

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import pytest
from rich.console import Console

from sensorium.app.preparation import elsewhere, kept
from sensorium.cli.compiling import compile_for_a_replay


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("there", [False, True])
def test_what_is_not_kept_is_compiled_and_said(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, there: bool
) -> None:
    ran: list[str] = []

    def outcome(command: Sequence[str], ending: Callable[[], bool]) -> None:
        ran.extend(command[-2:])

    monkeypatch.setattr(kept, "is_kept", lambda *, for_replay: there)
    monkeypatch.setattr(elsewhere, "outcome", outcome)
    screen = io.StringIO()
    compile_for_a_replay(Console(file=screen, force_terminal=terminal, width=100))
    assert ran == ([] if there else ["sensorium.app.preparation", "--replay"])
    assert ("compiling the decoders, once" in screen.getvalue()) is not there


def test_where_nothing_can_be_kept_nothing_is_compiled_ahead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept, "folder", lambda: None)
    monkeypatch.setattr(elsewhere, "outcome", pytest.fail)
    screen = io.StringIO()
    compile_for_a_replay(Console(file=screen, width=100))
    assert "cannot be kept" in screen.getvalue()

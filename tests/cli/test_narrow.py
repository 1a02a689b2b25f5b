from __future__ import annotations

import pytest
from rich.console import Console
from rich.table import Table

from sensorium.cli import approval_view


@pytest.mark.parametrize("width", [60, 80, 100])
def test_ids_are_whole_and_the_sentence_is_told_at_every_width(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("incident", "began", "severity", "state", "verdict"):
        table.add_column(heading, no_wrap=True)
    table.add_column("what", ratio=1)
    cells = ("INC-0123abcd", "11-23 09:18:00", "critical", "awaiting approval", "confirmed")
    table.add_row(*cells, "Full backup of pg1")
    monkeypatch.setattr(approval_view, "console", lambda: Console(width=width))
    approval_view.print_fitting(table)
    printed = capsys.readouterr().out
    assert all(cell in printed for cell in cells)
    assert "Full backup of pg1" in printed

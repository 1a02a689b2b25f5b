from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from benchmarks.picture import Panel, write_chart


def test_a_chart_says_what_it_shows_and_is_the_same_each_time(tmp_path: Path) -> None:
    lines = {"hosts": ([10, 1_000], [3.0, 20_000.0]), "series": ([10, 100], [1.0, 1.0])}
    panels = [
        Panel("entities", "ns a record", lines, log_beside=True),
        Panel("minutes", "MiB of memory", {"resident": ([0, 1, 2], [5, 6, 7])}, log_below=False),
        Panel("minutes", "rows that wait", {"waiting": ([0, 1], [0, 0])}, log_below=False),
    ]
    for name in ("one.svg", "other.svg"):
        write_chart(tmp_path / name, panels)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()
    root = ElementTree.parse(tmp_path / "one.svg").getroot()
    said = {(text.text or "").strip() for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"entities", "ns a record", "hosts", "series", "20,000", "rows that wait"} <= said
    assert "waiting" not in said, "one line needs no legend"

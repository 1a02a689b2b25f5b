from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import names
from benchmarks.report import Claim, median_seconds, number, report
from benchmarks.results import keep, read, section, table


@pytest.mark.parametrize(
    ("claim", "ratio", "met"),
    [
        (Claim("a", 300, "/s", "p", 100, ">= 3x"), 3, True),
        (Claim("a", 299, "/s", "p", 100, ">= 3x"), 2.99, False),
        (Claim("a", 2, "s", "p", 10, ">= 4x", lower_is_better=True), 5, True),
        (Claim("a", 100_000, "/s", goal=">= 100_000"), None, True),
        (Claim("a", 0.31, "s", goal="<= 0.3"), None, False),
        (Claim("a", 1, "s", goal=">= 2x"), None, False),
        (Claim("a", 1, "s"), None, None),
    ],
)
def test_a_claim_knows_its_ratio_and_whether_its_goal_is_met(
    claim: Claim, ratio: float | None, met: bool | None
) -> None:
    assert claim.ratio == ratio
    assert claim.met is met


def test_a_goal_that_cannot_be_read_is_an_error_and_not_a_pass() -> None:
    with pytest.raises(ValueError, match="is not like"):
        _ = Claim("a", 1, "s", goal="fast").met


def test_the_last_line_is_the_claims_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    report("t", [Claim("flows", 3e6, "flows/s", "them", 1e6, ">= 2x", published=True)])
    last = capsys.readouterr().out.strip().splitlines()[-1]
    (claim,) = json.loads(last)["claims"]
    assert claim == {
        "name": "flows",
        "ours": 3e6,
        "unit": "flows/s",
        "peer": "them (published)",
        "peer_value": 1e6,
        "ratio": 3.0,
        "goal": ">= 2x",
        "met": True,
    }
    assert "| flows | 3,000,000 | flows/s | them (published) |" in table([claim])[-1]


def test_the_median_is_of_the_measured_runs_alone() -> None:
    calls = []
    assert median_seconds(lambda: calls.append(1), repeats=3, warm_up=2) < 1
    assert len(calls) == 5


@pytest.mark.parametrize(
    ("value", "text"), [(1234567.8, "1,234,568"), (12.34, "12.3"), (0.00421, "0.00421")]
)
def test_figures_are_printed_with_the_digits_that_matter(value: float, text: str) -> None:
    assert number(value) == text


def test_the_machinery_is_not_taken_for_a_benchmark() -> None:
    assert {"report", "results", "peer_environment", "__main__", "__init__"}.isdisjoint(names())


def test_a_section_is_replaced_and_the_others_are_kept(tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    keep(page, {"wire": section("exit status 1", 3.0), "edges": section([], 4.0)})
    before = read(page)
    keep(page, {"wire": "measured again"})
    assert read(page) == {"edges": before["edges"], "wire": "measured again"}
    assert "No figures: exit status 1." in before["wire"]
    assert page.read_text(encoding="utf-8").index("## edges") < page.read_text().index("## wire")


def test_the_page_begins_with_the_goals_that_are_not_met(tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    told = {"name": "rows", "unit": "rows/s", "peer": "", "peer_value": None, "ratio": None}
    slow = {**told, "ours": 900.0, "goal": ">= 1_000", "met": False}
    quick = {**told, "ours": 2000.0, "goal": ">= 1_000", "met": True}
    keep(page, {"wire": section([slow, quick, {**quick, "goal": "", "met": None}], 3.0)})
    head = page.read_text(encoding="utf-8").partition("\n## ")[0]
    assert "Of 2 goals below 1 are met; not met are:" in head
    assert "- `wire`: rows: 900 rows/s, goal >= 1_000" in head
    keep(page, {"wire": section([quick], 3.0)})
    assert "Of 1 goals below 1 are met." in page.read_text(encoding="utf-8")

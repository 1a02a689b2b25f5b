"""``sensorium logs templates``: what a person and a program get."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from click.testing import CliRunner, Result

from sensorium.cli import main

LINES = (
    b"Jun 14 15:16:01 web1 sshd[7]: Failed password for root from 10.0.0.7 port 41\n"
    b"Jun 14 15:16:02 web1 sshd[8]: Failed password for eve from 10.0.0.8 port 42\n"
    b"Jun 14 15:16:03 web1 cron[9]: job done\n"
)


def run(*arguments: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["logs", "templates", *arguments], input=given)


def rows(result: Result) -> list[dict]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_line_gets_its_template(tmp_path: Path) -> None:
    path = tmp_path / "auth.log"
    path.write_bytes(LINES)
    result = run(str(path))
    found = rows(result)
    assert [row["line"] for row in found] == [1, 2, 3]
    assert found[0]["template_id"] == found[1]["template_id"] != found[2]["template_id"]
    assert found[1]["app"] == "sshd"
    assert found[1]["template"] == "Failed password for <*> from <*> port <*>"
    assert "3 lines, 2 templates" in result.stderr


def test_gzip_and_standard_input_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "auth.log.1"
    path.write_bytes(gzip.compress(LINES))
    wanted = rows(run("-", given=LINES))
    assert rows(run(str(path))) == wanted
    assert [row["line"] for row in rows(run(str(path), "-", given=LINES))] == [1, 2, 3, 4, 5, 6]


def test_the_summary_counts_and_shows_a_line_of_each() -> None:
    table = run("--summary", "--top", "1", "-", given=LINES).stdout
    assert "sshd: Failed password for <*> from <*> port <*>" in table
    assert "66.7%" in table
    assert "and 1 more templates with 1 lines" in table
    result = run("--summary", "--json", "-", given=LINES)
    kinds = json.loads(result.stdout)["templates"]
    assert [(kind["lines"], kind["app"]) for kind in kinds] == [(2, "sshd"), (1, "cron")]
    assert kinds[1]["example"] == "Jun 14 15:16:03 web1 cron[9]: job done"


def test_a_terminal_is_not_moved_by_what_a_line_holds() -> None:
    result = run("--summary", "-", given=b"\x1b[2Jred \x00 [bold]x[/bold]\n")
    assert "\\x1b[2Jred \\x00 [bold]x[/bold]" in result.stdout
    assert "\x1b" not in result.stdout


def test_whole_lines_keep_their_heads() -> None:
    found = rows(run("--whole-lines", "-", given=LINES))
    assert found[2]["app"] == ""
    assert found[2]["template"].startswith("Jun <*>")


def test_odd_input_is_counted_and_wrong_input_is_an_error() -> None:
    result = run("-", given=b"\xff\n\n")
    assert len(rows(result)) == 2
    assert "not UTF-8, such bytes shown as \ufffd: 1 lines" in result.stderr
    missing = run("none.log")
    assert missing.exit_code == 2
    assert "none.log cannot be read: No such file" in missing.stderr
    assert run("--json", "-", given=LINES).exit_code == 2
    assert rows(run("-", given=b"")) == []
    assert run("--summary", "-", given=b"").exit_code == 0

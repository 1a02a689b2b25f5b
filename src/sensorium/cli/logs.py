"""``sensorium logs``: what kinds of lines are in log files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sensorium.cli import Noun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.detect.logs.catalogue import Catalogue, Kind
    from sensorium.ingest.text_lines import TextLines


@click.group(cls=Noun)
def logs() -> None:
    """Look at log files."""


@logs.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--summary", is_flag=True, help="Print a table of the templates instead, most lines first."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option(
    "--top", type=click.IntRange(1), default=20, show_default=True, help="Rows of the table."
)
@click.option(
    "--whole-lines", is_flag=True, help="Do not take a time and sender off the start of a line."
)
def templates(
    files: tuple[Path, ...], *, summary: bool, as_json: bool, top: int, whole_lines: bool
) -> None:
    """Print the template of every line of FILES: its text with what varies as <*>.

    A file is text, plain or packed; - is standard input. For each line one JSON object is printed,
    with the number of the line, the id of its template, the application that the line names, and
    the template as it was known by then: it may grow more general with later lines, and its id
    stays. All files are read as one, in the order given.
    """
    from sensorium.detect.logs.catalogue import Catalogue
    from sensorium.ingest.text_lines import TextLines

    if as_json and not summary:
        from sensorium.errors import UsageError

        raise UsageError(
            "--json is for --summary", next_step="Without --summary all output is JSON lines."
        )
    reader, catalogue = TextLines(), Catalogue(whole_lines=whole_lines)
    try:
        for lines in _blocks(reader, files):
            told = catalogue.take(lines)
            if not summary:
                _print_lines(told, reader.lines - len(lines))
    finally:
        sys.stdout.flush()
        _tell(reader, catalogue)
    if as_json:
        from sensorium.cli.output import print_json

        print_json({"lines": reader.lines, "templates": [_plain(k) for k in catalogue.kinds()]})
    elif summary:
        _table(catalogue.kinds(), reader.lines, top)


def _blocks(reader: TextLines, files: tuple[Path, ...]) -> Iterator[list[str]]:
    for path in files:
        if str(path) == "-":
            yield from reader.stream(sys.stdin.buffer, "standard input")
        else:
            yield from reader.file(path)


def _print_lines(told: list[Kind], before: int) -> None:
    ends: dict[int, str] = {}
    out = []
    for number, kind in enumerate(told, before + 1):
        end = ends.get(kind.template_id)
        if end is None:
            record = {"template_id": kind.shown_id, "app": kind.app, "template": kind.text}
            end = ends[kind.template_id] = json.dumps(record, ensure_ascii=False)[1:]
        out.append(f'{{"line": {number}, {end}\n')
    sys.stdout.write("".join(out))


def _tell(reader: TextLines, catalogue: Catalogue) -> None:
    from sensorium.ingest.text_lines import LONGEST_LINE

    click.echo(f"{reader.lines:,} lines, {len(catalogue):,} templates", err=True)
    if reader.cut:
        click.echo(f"cut after {LONGEST_LINE:,} bytes: {reader.cut:,} lines", err=True)
    if reader.not_utf8:
        click.echo(f"not UTF-8, such bytes shown as \ufffd: {reader.not_utf8:,} lines", err=True)


def _plain(kind: Kind) -> dict[str, object]:
    return {
        "template_id": kind.shown_id,
        "app": kind.app,
        "template": kind.text,
        "lines": kind.lines,
        "example": kind.example,
    }


def _table(kinds: list[Kind], lines: int, top: int) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("lines", justify="right", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("template", no_wrap=True)
    table.add_column("what it looks like, and a line of it", overflow="fold")
    for kind in kinds[:top]:
        looks = Text(_printable(f"{kind.app}: {kind.text}" if kind.app else kind.text))
        looks.append("\n" + _printable(kind.example), style="dim")
        table.add_row(f"{kind.lines:,}", f"{kind.lines / lines:.1%}", kind.shown_id, looks)
    Console(width=None if sys.stdout.isatty() else 120, highlight=False).print(table)
    rest = kinds[top:]
    if rest:
        more = sum(kind.lines for kind in rest)
        click.echo(f"and {len(rest):,} more templates with {more:,} lines (--top shows more)")


def _printable(text: str, longest: int = 160) -> str:
    """The text without what would move a terminal's cursor, and not too long for a table."""
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + "\u2026"

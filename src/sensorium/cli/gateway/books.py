"""The gateway's database, for the commands that keep it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from sensorium.cli.gateway.settings import config_option
from sensorium.errors import UsageError

if TYPE_CHECKING:
    from sensorium.gateway.access import Directory
    from sensorium.store.records.connections import Connections

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")

__all__ = ["Books", "config_option", "dollars", "json_option", "opened", "show", "since_ns"]


@dataclass(frozen=True, slots=True)
class Books:
    """The database of the settings, the directory on it, and the classes of data it can give."""

    connections: Connections
    directory: Directory
    classes: tuple[str, ...]

    def check_class(self, privacy: str) -> None:
        """UsageError for a class of data without a policy: no call of it could go anywhere."""
        if privacy and privacy not in self.classes:
            known = ", ".join(self.classes)
            raise UsageError(
                f"there is no policy for data of the class {privacy!r}",
                unaffected="nothing was changed",
                next_step=f"privacy.policies of the settings has {known}"
                if known
                else "write one under privacy.policies of the settings",
            )


@contextmanager
def opened(config: Path | None) -> Iterator[Books]:
    """Open the database that the settings name, made if need be."""
    from sensorium.cli.gateway.settings import load_settings
    from sensorium.gateway.access import Directory
    from sensorium.gateway.ledger.database import open_database

    settings = load_settings(config)
    connections = open_database(settings.ledger, settings.data_dir)
    try:
        classes = tuple(one.name for one in settings.privacy.policies)
        yield Books(connections, Directory(connections), classes)
    finally:
        connections.close()


def show(rows: list[dict[str, Any]], columns: str, *, as_json: bool, nothing: str) -> None:
    """Print rows as a table, or as JSON; ``columns`` that end in ``:r`` stand to the right."""
    import sys

    if as_json:
        from sensorium.cli.output import print_json

        print_json(rows)
        return
    if not rows:
        click.echo(nothing)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    names = []
    for column in columns.split():
        name, _, right = column.partition(":")
        names.append(name)
        # Names are for pasting: they are folded where there is no room, and never cut.
        justify: Literal["left", "right"] = "right" if right else "left"
        table.add_column(name.replace("_", " "), overflow="fold", justify=justify)
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for name in names))
    Console(width=None if sys.stdout.isatty() else 160, highlight=False).print(table)


LARGEST = 2**63 - 1
"""What a database holds as a whole number."""


class Dollars(click.ParamType[int]):
    """An amount of dollars, kept as nano-dollars."""

    name = "dollars"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Decimal dollars to nano-dollars; nothing is rounded away unsaid."""
        from decimal import Decimal, InvalidOperation

        try:
            amount = Decimal(str(value)) * 1_000_000_000
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or amount < 0 or amount != amount.to_integral_value():
            self.fail(f"{value} is no amount of dollars", param, ctx)
        if amount > LARGEST:
            self.fail(f"{value} is more than is counted: at most 9 thousand million", param, ctx)
        return int(amount)


def dollars(nanodollars: int | None) -> str | None:
    """Nano-dollars as people write dollars: cents, and up to six places where there is more."""
    if nanodollars is None:
        return None
    whole, _, places = f"{nanodollars / 1e9:,.6f}".partition(".")
    return f"{whole}.{places.rstrip('0').ljust(2, '0')}"


def since_ns(since: str, now_ns: int, fail: Callable[[str], Any]) -> int:
    """``7d``, ``12h``, ``30m`` before now, or a day like 2026-11-01 (UTC), in nanoseconds."""
    import re

    from sensorium.moments import moment_ns

    ago = re.fullmatch(r"(\d{1,6})([dhm])", since)
    if ago:
        seconds = {"d": 86_400, "h": 3_600, "m": 60}[ago[2]]
        return max(now_ns - int(ago[1]) * seconds * 1_000_000_000, 0)
    try:
        return moment_ns(since)
    except UsageError as error:
        fail(f"{error.message}: write 7d, 12h, 30m or 2026-11-01")
        raise AssertionError from None

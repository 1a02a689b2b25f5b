"""``sensorium exporters``: who sends to a running service, how much, and what is lost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from sensorium.cli.context import Home, home_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.cli.service import Service

Exporter = dict[str, Any]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
@click.option("--url", help="The service's API (default: the one that owns the data folder).")
@home_options
def exporters(home: Home, as_json: bool, url: str | None) -> None:
    """Show every exporter: rate, loss, templates, sampling, clock skew, last seen.

    Counts are since the service started, rates over the last minute. What was lost is in the unit
    of the protocol's sequence numbers.
    """
    answer = _service(home, url).get("/exporters")
    if as_json:
        from sensorium.cli.output import print_json

        print_json(answer)
        return
    found: list[Exporter] = answer["exporters"]
    if not found:
        click.echo("no exporter has sent anything yet")
    else:
        _table(found)
    for line in (*_drops(found), *_reported(found), *_refused(answer["refused"])):
        click.echo(line)


def _service(home: Home, url: str | None) -> Service:
    from sensorium.cli.service import Service
    from sensorium.errors import UsageError

    if url is not None:
        return Service(
            url,
            home.settings.console.token,
            unanswered="see that a service runs there: the address is that of its API, and it "
            "listens on 127.0.0.1 unless console.host says otherwise",
        )
    service = home.service()
    if service is None:
        raise UsageError(
            f"no service is running on {home.data}",
            next_step="start one with: sensorium run; or name a service elsewhere with --url",
        )
    return service


def _table(found: list[Exporter]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("exporter", no_wrap=True)
    table.add_column("protocol", no_wrap=True)
    for heading in ("domain", "rec/s", "records", "lost", "loss", "tmpl", "1 in", "skew", "seen"):
        table.add_column(heading, no_wrap=True, justify="right")
    for one in found:
        table.add_row(*_cells(one))
    Console(width=None if sys.stdout.isatty() else 110, highlight=False).print(table)


def _cells(one: Exporter) -> tuple[str, ...]:
    loss, skew = one["loss"], one["clock_skew_seconds"]
    return (
        one["address"],
        _protocol(one),
        str(one["domain"]),
        _count(one["records_per_second"]),
        f"{one['records']:,}",
        f"{one['lost']:,}" if one["unit"] else "-",
        "-" if loss is None else f"{loss:.2%}",
        str(one["templates"] or "-"),
        str(one["sampling_rate"] or "?"),
        "-" if skew is None else _skew(skew),
        _ago(one["last_seen_ns"]),
    )


def _protocol(one: Exporter) -> str:
    """The protocol, and how it comes where that is not by plain datagrams."""
    transport = one["transport"]
    return f"{one['protocol']}" if transport == "udp" else f"{one['protocol']} {transport}"


def _count(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 or rate == 0 else f"{rate:.1f}"


def _skew(seconds: float) -> str:
    """A clock's error in a unit that can be read."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:+,.0f} {unit}"
    return f"{seconds:+.1f} s"


def _ago(last_seen_ns: int) -> str:
    import time

    seconds = max(time.time() - last_seen_ns / 1e9, 0)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def _drops(found: list[Exporter]) -> Iterator[str]:
    for one in found:
        for reason, count in sorted(one["dropped"].items()):
            yield f"not used: {one['address']} {_protocol(one)} {reason} {count:,}"


def _reported(found: list[Exporter]) -> Iterator[str]:
    """What exporters say themselves that they left out."""
    for one in found:
        for name, count in sorted(one["reported"].items()):
            if count and name.startswith(("notSent", "ignored")):
                yield f"says itself: {one['address']} {_protocol(one)} {name} {count:,}"


def _refused(refused: dict[str, dict[str, int]]) -> Iterator[str]:
    for address, reasons in sorted(refused.items()):
        who = "the rest" if address == "::" else address
        for reason, count in sorted(reasons.items()):
            yield f"not let in: {who} {reason} {count:,}"

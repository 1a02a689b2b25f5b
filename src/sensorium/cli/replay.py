"""``sensorium replay``: send a recording's original bytes to a running service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sensorium.ingest.transport.replay import ReplayProgress


def _port_pair(value: str) -> tuple[int, int]:
    recorded, separator, actual = value.partition("=")
    ports = [int(p) for p in (recorded, actual) if p.isascii() and p.isdigit()]
    if not separator or len(ports) != 2 or not all(0 < port < 65536 for port in ports):
        raise click.BadParameter(f"{value!r} is not like 5514=1514")
    return ports[0], ports[1]


@click.command()
@click.argument("recording", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--to", "host", default="127.0.0.1", show_default=True, help="The service's host.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    help="Times real time (default: as fast as nothing is lost over loopback).",
)
@click.option(
    "--port",
    "ports",
    multiple=True,
    metavar="RECORDED=ACTUAL",
    help="Send what was recorded on one UDP port to another; may be repeated.",
)
@click.option("--http", "http_url", help="The service's HTTP address (default: HOST, port 8470).")
@click.option("--no-http", is_flag=True, help="Send datagrams only.")
@click.option("--token", envvar="SENSORIUM__CONSOLE__TOKEN", default="", help="The API's token.")
@click.option(
    "--raw", is_flag=True, help="Send bare datagrams: they come from here and now; no HTTP."
)
def replay(
    recording: Path,
    host: str,
    speed: float | None,
    ports: tuple[str, ...],
    http_url: str | None,
    no_http: bool,
    token: str,
    raw: bool,
) -> None:
    """Send RECORDING to a running service, over real sockets, in the order it was recorded.

    The service reaches the incidents that it would have reached then: each datagram keeps its
    source and time in a PROXY protocol header, which the service believes from trusted networks
    only (its setting udp.trusted_proxies; by default this machine).
    """
    from sensorium.errors import UsageError
    from sensorium.ingest.recording import Recording, RecordingError
    from sensorium.ingest.transport.replay import Destination, send_recording

    try:
        opened = Recording.open(recording)
    except RecordingError as error:
        raise UsageError(str(error)) from error
    shown = f"[{host}]" if ":" in host else host
    destination = Destination(
        host=host,
        ports=dict(_port_pair(pair) for pair in ports),
        http_url="" if no_http else http_url or f"http://{shown}:8470",
        token=token,
    )
    with _shown(opened.manifest.name) as progress:
        sent = send_recording(opened, destination, speed=speed, raw=raw, progress=progress)
    click.echo(
        f"sent {sent.datagrams:,} datagrams, {sent.scrapes:,} scrapes and {sent.changes:,} "
        f"announcements of {opened.manifest.name} to {host}",
        err=True,
    )
    if sent.refused:
        click.echo(
            f"{sent.refused:,} announcements were refused: nothing of them can be used; the "
            "service's log says why",
            err=True,
        )


@contextmanager
def _shown(name: str) -> Iterator[Callable[[ReplayProgress], None]]:
    """A progress bar on a terminal; else a line for each tenth, as logs want it."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _tenths(name)
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[sent]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(f"replaying {name}", total=1.0, sent="")

        def show(state: ReplayProgress) -> None:
            bar.update(task, completed=state.fraction, sent=_counts(state))

        yield show


def _tenths(name: str) -> Callable[[ReplayProgress], None]:
    told = 0

    def show(state: ReplayProgress) -> None:
        nonlocal told
        if int(state.fraction * 10) > told:
            told = int(state.fraction * 10)
            click.echo(f"replaying {name}: {told * 10} %, {_counts(state)}", err=True)

    return show


def _counts(state: ReplayProgress) -> str:
    return (
        f"{state.datagrams:,}/{state.total_datagrams:,} datagrams, "
        f"{state.scrapes:,}/{state.total_scrapes:,} scrapes"
    )

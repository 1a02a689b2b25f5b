"""``sensorium doctor``: what on this machine would keep Sensorium from working well."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import click

from sensorium.cli.context import Home, home_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.cli.checks import Check

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command()
@home_options
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array instead of lines.")
@click.pass_context
def doctor(ctx: click.Context, home: Home, as_json: bool) -> None:
    """Look at this machine, the settings and the data folder; change nothing.

    One line a check: ok, warn or fail, and what to do about it. Exit status 1 if any fails.
    """
    checks = []
    for check in _checks(home):
        checks.append(check)
        if not as_json:
            _print(check)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(check) for check in checks], indent=2))
    if any(check.outcome == "fail" for check in checks):
        ctx.exit(1)


def _print(check: Check) -> None:
    word = click.style(f"{check.outcome:<5}", fg=_COLOURS[check.outcome], bold=True)
    click.echo(f"{word} {check.name:<12} {check.detail}")
    if check.next_step:
        click.echo(f"{'':18} → {check.next_step}")


def _checks(home: Home) -> Iterator[Check]:
    from sensorium.cli import checks

    yield checks.python()
    yield checks.packages()
    yield checks.embedded_store()
    yield checks.compiled_code()
    yield checks.data_folder(home.data)
    yield checks.disk(home.data)
    yield checks.memory()
    yield checks.open_files()
    yield from _ports(home)
    yield from _tls(home)
    yield checks.udp_buffer(home.settings.ingest.udp.receive_buffer_bytes)
    yield checks.clock()


def _tls(home: Home) -> Iterator[Check]:
    from datetime import UTC, datetime

    from sensorium.cli.checks import tls
    from sensorium.cli.tls_settings import tls_files

    for files in tls_files(home.settings):
        yield from tls(files, datetime.now(UTC))


def _ports(home: Home) -> Iterator[Check]:
    from socket import SOCK_DGRAM, SOCK_STREAM

    from sensorium.cli.checks import port, sctp

    owner = home.owner()
    pid = owner.pid if owner else 0
    udp, console = home.settings.ingest.udp, home.settings.console
    for number in udp.ports:
        yield port("ingest.udp.ports", SOCK_DGRAM, udp.host, number, pid)
    for name, posted in (("http", home.settings.ingest.http), ("grpc", home.settings.ingest.grpc)):
        if posted.enabled:
            yield port(f"ingest.{name}.port", SOCK_STREAM, posted.host, posted.port, pid)
    for name, stream in (
        ("syslog_stream", home.settings.ingest.syslog_stream),
        ("ipfix_stream", home.settings.ingest.ipfix_stream),
    ):
        for kind in ("tcp_ports", "tls_ports"):
            for number in getattr(stream, kind):
                yield port(f"ingest.{name}.{kind}", SOCK_STREAM, stream.host, number, pid)
    for name, secure in (
        ("ipfix_dtls", home.settings.ingest.ipfix_dtls),
        ("syslog_dtls", home.settings.ingest.syslog_dtls),
    ):
        for number in secure.ports:
            yield port(f"ingest.{name}.ports", SOCK_DGRAM, secure.host, number, pid)
    if home.settings.ingest.ipfix_stream.sctp_ports:
        yield sctp()
    yield port("console.port", SOCK_STREAM, console.host, console.port, pid)

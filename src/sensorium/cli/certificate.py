"""``sensorium certificate``: make one for TLS and DTLS, and show what peers know it by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sensorium.cli import Noun
from sensorium.cli.context import Home, home_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.ingest.transport.secure.certificates import CertificateFacts


@click.group(cls=Noun)
def certificate() -> None:
    """Certificates for syslog over TLS, and IPFIX over TLS and DTLS."""


@certificate.command()
@click.argument("name")
@click.option("--also", multiple=True, metavar="NAME", help="A further name or address.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    default=Path(),
    help="Where the files go (default: here).",
)
@click.option("--days", type=click.IntRange(1, 36_500), default=3_650, help="Days it is valid.")
@click.option(
    "--key",
    type=click.Choice(["rsa", "ecdsa"]),
    default="rsa",
    help="Which keys (default rsa, which every peer understands).",
)
def new(name: str, also: tuple[str, ...], folder: Path, days: int, key: str) -> None:
    """Make a key pair and a certificate that NAME, a host name or address, signs itself.

    Peers know it by its fingerprint, or take the certificate itself for an authority.
    """
    from datetime import UTC, datetime

    from sensorium.ingest.transport.secure.certificates import KeyKind, make_certificate

    stem = name.replace("*", "any").replace(":", "_").replace("/", "_")
    certificate_file, key_file = folder / f"{stem}.pem", folder / f"{stem}.key"
    facts = make_certificate(
        *(certificate_file, key_file),
        names=(name, *also),
        days=days,
        kind=KeyKind(key),
        now=datetime.now(UTC),
    )
    click.echo(f"certificate  {certificate_file}")
    click.echo(f"private key  {key_file} (keep it secret)")
    _print(facts)


@certificate.command()
@click.argument("files", nargs=-1, type=click.Path(dir_okay=False, path_type=Path))
@home_options
def show(home: Home, files: tuple[Path, ...]) -> None:
    """Show whose certificates FILES are, until when, and their fingerprints.

    Without FILES, those that the settings name for receiving.
    """
    from sensorium.ingest.transport.secure.certificates import facts_of

    chosen = files or tuple(dict.fromkeys(_own(home)))
    if not chosen:
        click.echo("the settings name no certificate; make one with: sensorium certificate new")
    for place, file in enumerate(chosen):
        if place:
            click.echo()
        click.echo(f"certificate  {file}")
        _print(facts_of(file))


def _own(home: Home) -> Iterator[Path]:
    ingest = home.settings.ingest
    secure = (ingest.syslog_stream, ingest.ipfix_stream, ingest.ipfix_dtls, ingest.syslog_dtls)
    named = [part.tls.certificate for part in secure]
    named += [ingest.http.tls_certificate, ingest.grpc.tls_certificate]
    yield from (Path(name) for name in named if name)


def _print(facts: CertificateFacts) -> None:
    click.echo(f"subject      {facts.subject}")
    click.echo(f"names        {', '.join(facts.names)}")
    click.echo(f"valid until  {facts.not_after:%Y-%m-%d %H:%M} UTC")
    for place, mark in enumerate(facts.fingerprints):
        click.echo(f"{'fingerprint' if not place else '':<12} {mark}")

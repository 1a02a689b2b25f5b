"""``sensorium decode``: the records in payloads, captures and recordings, as JSON lines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from sensorium.ingest.decoding import FileDecoder


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--protocol",
    type=click.Choice(["auto", "netflow", "sflow", "syslog", "prometheus", "otlp", "remote-write"]),
    default="auto",
    show_default=True,
    help="What is read; auto tells everything by its first bytes.",
)
@click.option(
    "--elements",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file that names elements of enterprises, such as 26866.1,httpReqUrl,string.",
)
def decode(files: tuple[Path, ...], protocol: str, elements: tuple[Path, ...]) -> None:
    """Print the records in FILES, one JSON object a line.

    A file is a pcap or pcapng capture, a recording's folder, an IPFIX file, a log file, the payload
    of one datagram or request, or what Zeek (conn.log), Suricata (eve.json), nfdump (CSV), nProbe,
    Argus, a cloud's flow log, an OpenTelemetry collector (JSON) or a program that logs JSON lines
    wrote, plain or packed (gzip, bzip2, xz, zstd); - is standard input, and a named pipe is read
    like it, to its end. Files are read in the order given, and what an exporter said in one (its
    templates) is known in the next. What was read and what could not be used is told on standard
    error.
    """
    from sensorium.ingest.decoding import FileDecoder
    from sensorium.ingest.sniff import Protocol

    decoder = FileDecoder(None if protocol == "auto" else Protocol(protocol), elements)
    for path in files:
        batches = (
            decoder.standard_input(sys.stdin.buffer.read())
            if str(path) == "-"
            else decoder.file(path)
        )
        _print(batches)
    _summarise(decoder, len(files))


def _print(batches: Iterator[pa.RecordBatch]) -> None:
    from sensorium.ingest.render import to_json_lines

    for batch in batches:
        if batch.num_rows:
            sys.stdout.write("\n".join(to_json_lines(batch)) + "\n")


def _summarise(decoder: FileDecoder, files: int) -> None:
    sys.stdout.flush()
    for line in decoder.summary(files):
        click.echo(line, err=True)

"""``sensorium gateway evidence REQUEST``: where a request went, and why it might."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sensorium.cli.gateway.settings import config_option


@click.command()
@click.argument("request_id", metavar="REQUEST", required=False, default="")
@click.option(
    "--log", type=click.Path(path_type=Path, dir_okay=False), help="The log, if not data_dir's."
)
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The public key, if not the one beside the log. One kept elsewhere proves more.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the records as JSON lines.")
@config_option
def evidence(
    request_id: str, log: Path | None, key: Path | None, as_json: bool, config: Path | None
) -> None:
    """Print the evidence of REQUEST (x-sensorium-request-id) and verify the whole log.

    Without REQUEST only the log is verified. Exit status 1 where the log is not whole or nothing is
    known of the request.
    """
    from sensorium.errors import SensoriumError
    from sensorium.gateway.privacy.evidence.keys import public_key, public_path
    from sensorium.gateway.privacy.evidence.log import KEY_FILE, LOG_FILE
    from sensorium.gateway.privacy.evidence.verification import verified

    if log is None:
        log = _data_dir(config) / LOG_FILE
    if not log.is_file():
        raise SensoriumError(
            f"{log}: there is no log of evidence",
            next_step="requests leave evidence where privacy.policies has their class of data",
        )
    seen = verified(log, public_key(key or public_path(log.parent / KEY_FILE)), request_id)
    for record in seen.found:
        if as_json:
            import orjson

            click.echo(orjson.dumps(record.body).decode())
        else:
            _show(record.body, record.fault)
    if seen.faults:
        raise SensoriumError(
            f"{log}: the log is not whole\n" + "\n".join(f"  {fault}" for fault in seen.faults),
            next_step="what stands before the first fault is as it was written",
        )
    if request_id and not seen.found:
        raise SensoriumError(f"{log}: nothing is known of request {request_id}")
    click.echo(f"{seen.records} records, each signed and following the one before", err=as_json)
    click.echo(f"the last: number {seen.records}, digest {seen.last}", err=as_json)


def _data_dir(config: Path | None) -> Path:
    from sensorium.cli.gateway.settings import load_settings

    return load_settings(config).data_dir


def _show(body: Any, fault: str) -> None:
    click.echo(f"record {body.get('number', '?')}" + (f"  NOT GOOD: {fault}" if fault else ""))
    width = max(map(len, body), default=0)
    for name in sorted(body):
        if name != "number":
            value = body[name]
            if isinstance(value, dict):
                value = ", ".join(f"{one}={value[one]}" for one in sorted(value))
            elif isinstance(value, list):
                value = ", ".join(map(str, value))
            click.echo(f"  {name:{width}}  {value}")
    click.echo()

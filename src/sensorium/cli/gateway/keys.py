"""``sensorium gateway keys``: virtual keys made, shown, rotated and revoked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sensorium.cli import Noun
from sensorium.cli.gateway.books import config_option, json_option, opened, show

if TYPE_CHECKING:
    from sensorium.gateway.access.directory import Made
    from sensorium.gateway.access.records import Key


@click.group(cls=Noun)
def keys() -> None:
    """Make, list, rotate and revoke the keys that applications call with."""


@keys.command()
@click.argument("owner")
@click.option("--name", default="key", show_default=True, help="What people call it.")
@click.option("--model", "models", multiple=True, help="A model it may use (default: its owner's).")
@click.option("--expires-in", metavar="DAYS", type=click.IntRange(1, 3650), help="Days it lives.")
@click.option("--service", is_flag=True, help="It calls models and may do nothing else.")
@json_option
@config_option
def create(
    owner: str,
    name: str,
    models: tuple[str, ...],
    expires_in: int | None,
    service: bool,
    as_json: bool,
    config: Path | None,
) -> None:
    """Make a key of OWNER, a user or team by name or id. It is shown this once."""
    import time

    from sensorium.gateway.access import Role
    from sensorium.gateway.access.permission import OPERATOR

    expires_ns = time.time_ns() + expires_in * 86_400_000_000_000 if expires_in else 0
    with opened(config) as books:
        made = books.directory.create_key(
            OPERATOR,
            books.directory.find(owner).id,
            name,
            role=Role.SERVICE if service else None,
            allowed_models=models or None,
            expires_ns=expires_ns,
        )
    _tell(made, as_json)


@keys.command(name="list")
@json_option
@config_option
def list_command(as_json: bool, config: Path | None) -> None:
    """List the keys, without their secrets."""
    from sensorium.gateway.access.permission import OPERATOR

    with opened(config) as books:
        names = {one.id: one.name for one in books.directory.subjects(OPERATOR)}
        rows = [_row(key, names) for key in books.directory.keys(OPERATOR)]
    show(
        rows,
        "id prefix name owner role models state",
        as_json=as_json,
        nothing="there are no keys yet: sensorium gateway keys create OWNER",
    )


@keys.command(name="show")
@click.argument("key")
@json_option
@config_option
def show_command(key: str, as_json: bool, config: Path | None) -> None:
    """Show one key by its id or prefix, and its limits."""
    from sensorium.cli.gateway.limits import limit_row

    with opened(config) as books:
        found = books.directory.key(key)
        owner = books.directory.subject(found.owner_id)
        row = _row(found, {owner.id: owner.name})
        row |= limit_row(f"key:{found.id}", books.directory.limit(f"key:{found.id}"))
    if as_json:
        from sensorium.cli.output import print_json

        print_json(row)
        return
    for name, value in row.items():
        click.echo(f"{name.replace('_', ' '):<22}{'-' if value in (None, '') else value}")


@keys.command()
@click.argument("key")
@click.option(
    "--overlap", metavar="SECONDS", type=click.FloatRange(0, 30 * 86_400), default=0.0,
    show_default=True, help="How long the old one goes on.",
)  # fmt: skip
@json_option
@config_option
def rotate(key: str, overlap: float, as_json: bool, config: Path | None) -> None:
    """Make a key that stands for KEY, which then ends. The new one is shown this once."""
    from sensorium.gateway.access.permission import OPERATOR

    with opened(config) as books:
        made = books.directory.rotate_key(OPERATOR, key, overlap)
    _tell(made, as_json)


@keys.command()
@click.argument("key")
@config_option
def revoke(key: str, config: Path | None) -> None:
    """End KEY now. A running gateway notices within access.cache_s seconds."""
    from sensorium.gateway.access.permission import OPERATOR

    with opened(config) as books:
        books.directory.revoke_key(OPERATOR, key)
    click.echo(f"{key} is revoked")


def _tell(made: Made, as_json: bool) -> None:
    if as_json:
        from sensorium.cli.output import print_json

        print_json({"id": made.key.id, "prefix": made.key.prefix, "key": made.secret.text})
        return
    click.echo(made.secret.text)
    click.echo(f"{made.key.id}: keep it now, it is not shown again and not stored here", err=True)


def _row(key: Key, names: dict[str, str]) -> dict[str, Any]:
    import time

    now = time.time_ns()
    ends = [end for end in (key.expires_ns, key.revoked_ns) if end]
    state = "good" if key.holds(now) else "revoked" if key.revoked_ns else "expired"
    if state == "good" and ends:
        state = f"good, {_days(min(ends) - now)} left"
    return {
        "id": key.id,
        "prefix": key.prefix,
        "name": key.name,
        "owner": names.get(key.owner_id, key.owner_id),
        "role": key.role.value,
        "models": "all" if key.allowed_models is None else ", ".join(key.allowed_models),
        "state": state,
    }


def _days(left_ns: int) -> str:
    hours = left_ns / 3.6e12
    return f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} h"

"""``sensorium gateway directory``: organisations, teams and users."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sensorium.cli import Noun
from sensorium.cli.gateway.books import config_option, json_option, opened, show

KINDS = ("organisation", "team", "user")
ROLES = ("owner", "admin", "team_admin", "member", "service", "auditor")


@click.group(cls=Noun)
def directory() -> None:
    """Organisations, their teams, and the users in these: whom keys and budgets belong to."""


@directory.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name")
@click.option("--in", "parent", default="", help="Name or id of what it belongs to.")
@click.option(
    "--role", type=click.Choice(ROLES), default="member", show_default=True, help="A user's role."
)
@click.option("--model", "models", multiple=True, help="A model it may use (default: all).")
@click.option("--privacy", default="", help="Class of data that all its calls are taken for.")
@config_option
def add(
    kind: str,
    name: str,
    parent: str,
    role: str,
    models: tuple[str, ...],
    privacy: str,
    config: Path | None,
) -> None:
    """Add an organisation, a team --in one, or a user --in a team or organisation."""
    from sensorium.gateway.access import Role
    from sensorium.gateway.access.permission import OPERATOR
    from sensorium.gateway.access.records import Kind

    with opened(config) as books:
        books.check_class(privacy)
        made = books.directory.create(
            OPERATOR,
            Kind(kind),
            name,
            parent_id=books.directory.find(parent).id if parent else "",
            role=Role(role),
            allowed_models=models or None,
            privacy=privacy,
        )
    click.echo(made.id)


@directory.command(name="list")
@json_option
@config_option
def list_command(as_json: bool, config: Path | None) -> None:
    """List everybody there is."""
    from sensorium.gateway.access.permission import OPERATOR

    with opened(config) as books:
        found = books.directory.subjects(OPERATOR)
    names = {one.id: one.name for one in found}
    rows = [
        {
            "id": one.id,
            "kind": one.kind.value,
            "name": one.name,
            "in": names.get(one.parent_id, ""),
            "role": one.role.value if one.kind.value == "user" else "",
            "models": "all" if one.allowed_models is None else ", ".join(one.allowed_models),
            "privacy": one.privacy,
            "state": "off" if one.disabled_ns else "on",
        }
        for one in found
    ]
    show(
        rows,
        "id kind name in role models privacy state",
        as_json=as_json,
        nothing="nobody yet: sensorium gateway directory add organisation NAME",
    )


@directory.command(name="set")
@click.argument("whom")
@click.option("--name", help="A new name.")
@click.option("--role", type=click.Choice(ROLES), help="A new role.")
@click.option("--model", "models", multiple=True, help="The models it may use.")
@click.option("--all-models", is_flag=True, help="It may use every model.")
@click.option("--privacy", help="Class of data that all its calls are taken for.")
@click.option("--on/--off", "switched_on", default=None, help="Whether it may call at all.")
@config_option
def set_command(
    whom: str,
    name: str | None,
    role: str | None,
    models: tuple[str, ...],
    all_models: bool,
    privacy: str | None,
    switched_on: bool | None,
    config: Path | None,
) -> None:
    """Change WHOM, an organisation, team or user by name or id."""
    from sensorium.gateway.access.permission import OPERATOR
    from sensorium.gateway.access.roles import Field

    changes = {
        Field.NAME: name,
        Field.ROLE: role,
        Field.ALLOWED_MODELS: list(models) or None,
        Field.PRIVACY: privacy,
        Field.DISABLED: None if switched_on is None else not switched_on,
    }
    wanted: dict[Field, Any] = {
        field: value for field, value in changes.items() if value is not None
    }
    if all_models:
        wanted[Field.ALLOWED_MODELS] = None
    if not wanted:
        raise click.UsageError("say what to change; --help lists it")
    with opened(config) as books:
        books.check_class(privacy or "")
        subject = books.directory.find(whom)
        for field, value in wanted.items():
            books.directory.change(OPERATOR, subject.id, field, value)
    click.echo(f"{subject.id} is changed")

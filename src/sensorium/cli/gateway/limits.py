"""``sensorium gateway limits``: budgets and rates, of whole organisations down to end users."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sensorium.cli import Noun
from sensorium.cli.gateway.books import (
    LARGEST,
    Dollars,
    config_option,
    dollars,
    json_option,
    opened,
    show,
)

if TYPE_CHECKING:
    from sensorium.cli.gateway.books import Books
    from sensorium.gateway.ledger import Limit


@click.group(cls=Noun)
def limits() -> None:
    """Set and show what each may use.

    A SCOPE is organisation:NAME, team:NAME, user:NAME, key:ID or end_user:ORGANISATION/NAME, where
    the end user * stands for each that has no limit of its own.
    """


@limits.command(name="set")
@click.argument("scope")
@click.option("--budget", type=Dollars(), metavar="DOLLARS", help="Dollars in a period.")
@click.option(
    "--period", type=click.Choice(("total", "daily", "monthly")), default="monthly",
    show_default=True, help="When the budget begins anew (UTC).",
)  # fmt: skip
@click.option("--requests", type=click.IntRange(0, LARGEST), help="Requests a minute.")
@click.option("--tokens", type=click.IntRange(0, LARGEST), help="Tokens a minute.")
@click.option("--concurrency", type=click.IntRange(0, LARGEST), help="Calls under way at once.")
@config_option
def set_command(
    scope: str,
    budget: int | None,
    period: str,
    requests: int | None,
    tokens: int | None,
    concurrency: int | None,
    config: Path | None,
) -> None:
    """Set all the limits of SCOPE; what is not said is not limited.

    It holds from the next call on, in every gateway on the database, and counts what was spent
    before.
    """
    from sensorium.gateway.access.permission import OPERATOR
    from sensorium.gateway.ledger import Limit, Period

    limit = Limit(
        budget=budget,
        period=Period(period),
        requests_per_minute=requests,
        tokens_per_minute=tokens,
        concurrency=concurrency,
    )
    with opened(config) as books:
        found = _scope(books, scope)
        books.directory.set_limit(OPERATOR, found, limit)
    click.echo(f"{found} has no limits now" if limit.is_empty else f"{found} is limited")


@limits.command(name="show")
@click.argument("scope")
@json_option
@config_option
def show_command(scope: str, as_json: bool, config: Path | None) -> None:
    """Show the limits of SCOPE."""
    with opened(config) as books:
        found = _scope(books, scope)
        row = limit_row(found, books.directory.limit(found))
    show([row], " ".join(row), as_json=as_json, nothing="")


def limit_row(scope: str, limit: Limit) -> dict[str, Any]:
    """A limit as it is shown."""
    return {
        "scope": scope,
        "budget": dollars(limit.budget),
        "period": None if limit.budget is None else limit.period.value,
        "requests_per_minute": limit.requests_per_minute,
        "tokens_per_minute": limit.tokens_per_minute,
        "concurrency": limit.concurrency,
    }


def _scope(books: Books, said: str) -> str:
    """A scope with ids in the places of names."""
    kind, _, name = said.partition(":")
    if kind == "key":
        return f"key:{books.directory.key(name).id}"
    if kind == "end_user":
        organisation, _, end_user = name.partition("/")
        return f"end_user:{books.directory.find(organisation).id}/{end_user}"
    found = books.directory.find(name) if name else None
    if found is None or found.kind.value != kind:
        raise click.UsageError(f"{said} is no scope; try team:NAME")
    return f"{kind}:{found.id}"

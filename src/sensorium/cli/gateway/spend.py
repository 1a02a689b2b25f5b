"""``sensorium gateway spend``: what was spent, by whom, on what."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from sensorium.cli.gateway.books import (
    config_option,
    dollars,
    json_option,
    opened,
    show,
    since_ns,
)

WAYS = ("team", "user", "key", "organisation", "end-user", "model", "deployment", "provider")


@click.command()
@click.option("--by", type=click.Choice(WAYS), default="team", show_default=True)
@click.option("--since", default="30d", show_default=True, help="7d, 12h, or a day (UTC).")
@click.option("--until", help="The end, in the same way (default: now).")
@click.option("--csv", "as_csv", is_flag=True, help="Print every attempt as CSV instead.")
@json_option
@config_option
def spend(
    by: str, since: str, until: str | None, as_csv: bool, as_json: bool, config: Path | None
) -> None:
    """Show what was spent, told apart by team, user, key, organisation, end user, model ...

    Sums are of the ledger's rows, one for each attempt; --csv prints these.
    """
    import time

    from sensorium.gateway.ledger.spend import By, Spend

    def fail(message: str) -> Any:
        raise click.UsageError(message)

    now = time.time_ns()
    begin = since_ns(since, now, fail)
    end = since_ns(until, now, fail) if until else 0
    with opened(config) as books:
        found = Spend(books.connections)
        if as_csv:
            _csv(found.rows(begin, end))
            return
        shares = [asdict(share) for share in found.by(By(by), begin, end)]
    if as_json:
        show(shares, "", as_json=True, nothing="")
        return
    total = sum(share["nanodollars"] for share in shares)
    rows = [
        {
            by: share["name"] or "-",
            "attempts": f"{share['attempts']:,}",
            "failed": share["failed"] or "",
            "open": share["open"] or "",
            "tokens_in": f"{share['input_tokens']:,}",
            "tokens_out": f"{share['output_tokens']:,}",
            "dollars": dollars(share["nanodollars"]),
            "share": f"{share['nanodollars'] / total:.0%}" if total else "",
            "price_unknown": share["unpriced"] or "",
        }
        for share in shares
    ]
    columns = f"{by} attempts:r failed:r open:r tokens_in:r tokens_out:r dollars:r share:r"
    if any(share["unpriced"] for share in shares):
        columns += " price_unknown:r"
    show(rows, columns, as_json=False, nothing=f"nothing was called since {since}")
    if shares:
        click.echo(f"together {dollars(total)} dollars")


def _csv(rows: Any) -> None:
    import csv
    import sys

    writer = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(sys.stdout, list(row), lineterminator="\n")
            writer.writeheader()
        # A cell that begins like a formula would be one to a spreadsheet.
        writer.writerow({name: _cell(value) for name, value in row.items()})


def _cell(value: Any) -> Any:
    risky = isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}
    return f"'{value}" if risky else value

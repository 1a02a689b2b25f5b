"""``sensorium gateway models``: what callers can ask for, and what stands behind it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from sensorium.cli.gateway.settings import config_option


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def models(config: Path | None, as_json: bool) -> None:
    """List every name that callers can write as a model, and the deployments behind it."""
    from sensorium.cli.gateway.settings import load_settings
    from sensorium.gateway.ledger import PriceBook

    settings = load_settings(config)
    prices = PriceBook.load(settings.ledger.prices)
    kinds = {provider.name: provider.kind.value for provider in settings.providers}
    rows: list[dict[str, Any]] = []
    for model in settings.models:
        for one in model.deployments:
            entry = prices.entry(kinds[one.provider], one.price_as or one.model)
            rates = entry.rates if entry else None
            rows.append(
                {
                    "model": model.name,
                    "deployment": one.label,
                    "strategy": model.strategy.value,
                    "weight": one.weight,
                    "input": rates.input / 1e9 if rates else None,
                    "output": rates.output / 1e9 if rates else None,
                }
            )
    rows += [
        {"model": switch.name, "deployment": f"{switch.normal} or {switch.complex}"}
        for switch in settings.switches
    ]
    if as_json:
        import orjson

        click.echo(orjson.dumps(rows).decode())
        return
    if not rows:
        click.echo("no models yet: name some in gateway.yaml, and give it with -c", err=True)
        return
    _table(rows)


def _table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("model", "deployment", "strategy", "weight"):
        table.add_column(column)
    table.add_column("$ / million in", justify="right")
    table.add_column("$ / million out", justify="right")
    for row in rows:
        amounts = (row.get("input"), row.get("output"))
        priced = ["unknown" if one is None else f"{one:g}" for one in amounts]
        if "strategy" not in row:
            priced = ["", ""]
        table.add_row(
            row["model"], row["deployment"], row.get("strategy", "switch"),
            f"{row['weight']:g}" if "weight" in row else "", *priced,
        )  # fmt: skip
    Console(width=None if sys.stdout.isatty() else 120, highlight=False).print(table)

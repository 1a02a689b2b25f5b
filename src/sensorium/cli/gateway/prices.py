"""``sensorium gateway prices``: the price list in force."""

from __future__ import annotations

from pathlib import Path

import click

from sensorium.cli.gateway.books import config_option, json_option, show


@click.command()
@click.argument("model", required=False)
@json_option
@config_option
def prices(model: str | None, as_json: bool, config: Path | None) -> None:
    """List the prices of models whose name holds MODEL, in dollars for a million tokens.

    They come along with the gateway; nothing is fetched. ledger.prices names a file of one's own.
    """
    from sensorium.cli.gateway.settings import load_settings
    from sensorium.gateway.ledger import PriceBook

    settings = load_settings(config)
    book = PriceBook.load(settings.ledger.prices)
    rows = [
        {
            "provider": kind,
            "model": name,
            "input": f"{entry.rates.input / 1e9:g}",
            "output": f"{entry.rates.output / 1e9:g}",
            "cache_read": f"{entry.rates.cache_read / 1e9:g}",
            "cache_write": f"{entry.rates.cache_write / 1e9:g}",
            "cache_write_long": f"{entry.rates.cache_write_long / 1e9:g}",
            "times": " ".join(f"{name}:{by / 1000:g}" for name, by in entry.times.items()),
            "dearer_above": f"{entry.over:,}" if entry.over else "",
        }
        for kind, name, entry in book
        if not model or model in name
    ]
    show(
        rows,
        "provider model input:r output:r cache_read:r cache_write:r cache_write_long:r times "
        "dearer_above:r",
        as_json=as_json,
        nothing="no such model has a price: name it in a file that ledger.prices names",
    )
    if not as_json:
        click.echo(f"version {book.version}, dollars for a million tokens")

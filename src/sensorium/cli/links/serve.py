"""``sensorium links serve``: suggestions over HTTP, and nothing else."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("model", default="links-model", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", help="The graph's name in URLs (default: that of the folder).")
@click.option(
    "--rules",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Who must not be suggested, and what is private; may change while it runs.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8470, show_default=True, type=click.IntRange(0, 65535))
@click.option("--token", default="", envvar="SENSORIUM_TOKEN", help="Needed off loopback.")
def serve(
    model: Path, name: str | None, rules: Path | None, host: str, port: int, token: str
) -> None:
    """Answer who should be tied to whom over HTTP, from the model in a folder.

    A model or rules that are written anew are taken up without a break. `sensorium run` serves
    graphs beside everything else: links.graphs in its settings.
    """
    import os
    import re

    import uvloop

    from sensorium.app.links import run_links
    from sensorium.console.config import ConsoleConfig
    from sensorium.errors import UsageError
    from sensorium.links.serving.config import LinksConfig, ServedGraphConfig
    from sensorium.observe.config import LogLevel, ObserveConfig

    name = name or re.sub(r"[^A-Za-z0-9_.-]+", "-", model.resolve().name).strip("-.") or "graph"
    if not (model / "model.json").is_file():
        raise UsageError(
            f"there is no model in {model}", next_step="name a folder that `fit` has written"
        )
    # One request is answered by one thread; more of them would wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    graph = ServedGraphConfig(name=name, model=model, rules=rules)

    def started(url: str) -> None:
        click.echo(f"serving {name} at {url}/api/v1/links/{name}", err=True)
        click.echo(f"  curl {url}/api/v1/links/{name}/recommendations/ID?top=5", err=True)

    try:
        console = ConsoleConfig(host=host, port=port, token=token)
        uvloop.run(
            run_links(
                LinksConfig(graphs=(graph,), poll_s=2.0),
                console,
                ObserveConfig(log_level=LogLevel.WARNING),
                started,
            )
        )
    except ValueError as error:
        raise UsageError(str(error)) from error

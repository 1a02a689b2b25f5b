"""``sensorium run``: the same path as a service."""

from __future__ import annotations

from pathlib import Path

import click

from sensorium.cli.context import config_option


@click.command()
@config_option
@click.option(
    "--data",
    "data_dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of everything that is kept; outranks data_dir of the settings.",
)
def run(config: Path | None, data_dir: Path | None) -> None:
    """Listen for flows, syslog, OTLP and remote-write, scrape, and reason about what is odd.

    SIGTERM or Ctrl-C finishes the turn under way, writes everything down and ends.
    """
    import asyncio
    import gc
    import os
    from dataclasses import replace

    from sensorium.app import run_service
    from sensorium.config import load

    settings = load(config, os.environ)
    # Absolute, because a service may outlive the folder that it was started in.
    settings = replace(settings, data_dir=(data_dir or settings.data_dir).absolute())
    asyncio.run(run_service(settings))
    # All is written and closed. The interpreter, as it ends, would look through a million objects
    # for cycles, several times, for seconds. Unlike os._exit this leaves out nothing else: what is
    # buffered is flushed, what others registered for the end runs, libraries let go of what they
    # hold, and an error keeps its exit status.
    gc.freeze()

"""Where the gateway's commands find its settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sensorium.gateway.config import GatewaySettings

PREFIX = "SENSORIUM_GATEWAY__"

config_option = click.option(
    "-c",
    "--config",
    "config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="SENSORIUM_GATEWAY",
    help="Settings file, such as gateway.yaml (default: the defaults).",
)


def load_settings(config: Path | None) -> GatewaySettings:
    """The settings of the file under the environment's overrides; ``SettingsError`` if wrong."""
    from sensorium.config import SettingsError, load_tree
    from sensorium.gateway.config import GatewaySettings

    try:
        return load_tree(GatewaySettings, config, os.environ, PREFIX)
    except SettingsError as error:
        error.next_step = "`sensorium gateway example` lists every setting"
        raise

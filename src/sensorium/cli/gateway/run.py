"""``sensorium gateway run``: the gateway as a service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sensorium.cli.gateway.settings import config_option

if TYPE_CHECKING:
    from sensorium.gateway.config import GatewaySettings

LOCAL = "local"


@click.command()
@config_option
@click.option("--host", help="Address to listen on; outranks door.host of the settings.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="TCP port; outranks door.port of the settings."
)
@click.option(
    "--workers",
    type=click.IntRange(1, 128),
    help="Processes that answer, on one port; outranks workers of the settings.",
)
def run(config: Path | None, host: str | None, port: int | None, workers: int | None) -> None:
    """Answer model calls until it is stopped.

    Without a settings file it serves a small model on this machine, and says how to call it; that
    needs the extra local-model. SIGTERM or Ctrl-C lets the calls under way end.
    """
    from dataclasses import replace
    from tempfile import TemporaryDirectory

    from sensorium.cli.gateway.settings import load_settings

    settings = load_settings(config)
    listen: dict[str, Any] = {"host": host, "port": port}
    given = {name: value for name, value in listen.items() if value is not None}
    settings = replace(settings, door=replace(settings.door, **given))
    if workers is not None:
        settings = replace(settings, workers=workers)
    if config is not None or settings.models:
        _serve(settings, _ready)
        return
    with TemporaryDirectory(prefix="sensorium-gateway-") as folder:
        _serve(_with_local_model(settings, Path(folder)), _ready_to_try)


def _serve(settings: GatewaySettings, started: Any) -> None:
    import os

    import uvloop

    if settings.workers > 1:
        from sensorium.gateway.workers.crew import run_workers

        uvloop.run(run_workers(settings, os.environ, started))
        return
    from sensorium.gateway.service import run_gateway

    uvloop.run(run_gateway(settings, os.environ, started))


def _with_local_model(settings: GatewaySettings, data_dir: Path) -> GatewaySettings:
    """The settings with one model, which runs on this machine."""
    from dataclasses import replace
    from importlib.util import find_spec

    from sensorium.errors import UsageError
    from sensorium.gateway.providers.config import Kind, ProviderConfig
    from sensorium.gateway.routing.config import DeploymentConfig, ModelConfig

    if find_spec("xllamacpp") is None:
        raise UsageError(
            "there is no settings file, and no local model to serve instead",
            next_step="pip install 'sensorium[local-model]', or write a gateway.yaml: "
            "`sensorium gateway example` explains every setting",
        )
    provider = ProviderConfig(name=LOCAL, kind=Kind.LOCAL)
    deployment = DeploymentConfig(provider=LOCAL, model=LOCAL)
    model = ModelConfig(name=LOCAL, deployments=(deployment,))
    return replace(settings, data_dir=data_dir, providers=(provider,), models=(model,))


def _ready(opened: Any, url: str) -> None:
    """Say where it is, and what is still missing."""
    click.echo(f"the gateway answers at {url}/v1", err=True)
    from sensorium.gateway.access.permission import OPERATOR

    if not opened.directory.keys(OPERATOR) and not opened.settings.access.oidc:
        click.echo(
            "  nobody has a key yet, so nobody can call it: sensorium gateway keys --help", err=True
        )


def _ready_to_try(opened: Any, url: str) -> None:
    """Make a key that ends with the process, and say how to use it."""
    from sensorium.gateway.access.permission import OPERATOR
    from sensorium.gateway.access.records import Kind
    from sensorium.gateway.access.roles import Role

    directory = opened.directory
    mine = directory.create(OPERATOR, Kind.ORGANISATION, "trial", role=Role.SERVICE)
    team = directory.create(OPERATOR, Kind.TEAM, "trial", parent_id=mine.id, role=Role.SERVICE)
    key = directory.create_key(OPERATOR, team.id, "trial").secret.text
    click.echo(
        f"""
There is no settings file, so the gateway serves a small model on this machine, to try it out.
Its key, ledger and all else end with this process. In another terminal:

  export OPENAI_BASE_URL={url}/v1
  export OPENAI_API_KEY={key}

  curl $OPENAI_BASE_URL/chat/completions -H "Authorization: Bearer $OPENAI_API_KEY" \\
    -d '{{"model": "{LOCAL}", "messages": [{{"role": "user", "content": "Say hello."}}]}}'

For a gateway of your own: sensorium gateway example > gateway.yaml
"""
    )

"""The shop is deployed anew: stopped, replaced, started, and reported by the deployment system."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from lab.services import shop
from lab.site import Role, Site
from lab.stage import Deployment, Stage
from lab.truth import Cast, addresses


def cast(site: Site, rng: random.Random) -> Cast:
    """Choose the version and how long the service is away."""
    app, web = site.one(Role.APP), site.one(Role.WEB)
    version = f"2.{rng.randrange(3, 9)}.{rng.randrange(10)}"
    return Cast(
        hosts=addresses((app, web)),
        primary=(app.address,),
        actors=(app.address,),
        victims=(web.address,),
        cause=f"version {version} of the shop was deployed to {app.name}",
        proof=f"deploy-{rng.randrange(4000, 9000)}",
        parameters={
            "app": app.name,
            "db": site.one(Role.DB).name,
            "version": version,
            "previous": "2.2.4",
            "away_s": rng.randrange(12, 20),
            "by": rng.choice(("ci/release", "ines.m", "release-bot")),
        },
    )


def prepare(stage: Stage) -> None:
    """Nothing: the new version is the same program under another number."""


def play(stage: Stage) -> None:
    """Stop, replace, start, check and report."""
    app, values = stage.machine("app"), stage.cast.parameters
    started = datetime.now(UTC)
    status = "failed"
    try:
        with stage.phase("deploy", f"shop {values['previous']} to {values['version']}"):
            _log(stage, f"deploying shop {values['version']}, was {values['previous']}")
            stage.wait(4)
            shop.send(app, "TERM")
            stage.wait(stage.number("away_s"))
            shop.install(app, str(values["version"]))
            shop.start(app, stage.host("db").address)
            status = "succeeded" if shop.wait_until_up(app) else "failed"
            stage.wait(5)
            _log(stage, f"deployment {stage.cast.proof} {status}")
    finally:
        stage.deployed(
            Deployment(
                id=stage.cast.proof,
                service="shop",
                host=str(values["app"]),
                port=shop.PORT,
                version=str(values["version"]),
                previous=str(values["previous"]),
                started=started.isoformat(timespec="seconds"),
                finished=datetime.now(UTC).isoformat(timespec="seconds"),
                by=str(values["by"]),
                status=status,
            )
        )


def _log(stage: Stage, text: str) -> None:
    stage.machine("app").run("logger", "-t", "deploy-agent", text)

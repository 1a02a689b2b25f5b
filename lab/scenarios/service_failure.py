"""The shop degrades and then fails; its clients retry, errors flood, and it is brought back."""

from __future__ import annotations

import random

from lab.services import database, shop
from lab.site import Role, Site
from lab.stage import Stage
from lab.truth import Cast, addresses

_LEAK = """\
import os, time, psycopg2
held = []
for _ in range(200):
    try:
        held.append(psycopg2.connect(os.environ["SHOP_DSN"]))
        time.sleep(0.5)
    except psycopg2.OperationalError:
        time.sleep(0.3)
"""

_CAUSES = {
    "database_stops": "price lookups on {db} turned slow, then its PostgreSQL crashed",
    "connections_exhausted": "a report job on {app} leaked database connections until {db} "
    "refused more, then the shop process was killed",
    "application_stalls": "price lookups on {db} turned slow, then the shop on {app} hung and "
    "was killed",
}


def cast(site: Site, rng: random.Random) -> Cast:
    """Choose how the service fails."""
    web, app, db = (site.one(r) for r in (Role.WEB, Role.APP, Role.DB))
    variant = rng.choice(sorted(_CAUSES))
    culprit = db if variant == "database_stops" else app
    return Cast(
        hosts=addresses((web, app, db)),
        primary=(culprit.address,),
        actors=(),
        victims=tuple(dict.fromkeys((culprit.address, app.address, web.address))),
        cause=_CAUSES[variant].format(app=app.name, db=db.name),
        parameters={
            "variant": variant,
            "app": app.name,
            "db": db.name,
            "degraded_s": rng.randrange(40, 56),
            "failed_s": rng.randrange(45, 61),
            "delay_s": round(rng.uniform(0.5, 1.1), 2),
        },
    )


def prepare(stage: Stage) -> None:
    """Nothing: the service is as it always is until it degrades."""


def play(stage: Stage) -> None:
    """Degrade, fail and recover."""
    variant = str(stage.cast.parameters["variant"])
    {
        "database_stops": _database_stops,
        "connections_exhausted": _connections_exhausted,
        "application_stalls": _application_stalls,
    }[variant](stage)


def _slow(stage: Stage) -> None:
    delay = stage.number("delay_s")
    with stage.phase("degraded", f"price lookups take {delay} s and more"):
        database.slow_down(stage.machine("db"), delay, delay)
        stage.wait(stage.number("degraded_s"))


def _database_stops(stage: Stage) -> None:
    db = stage.machine("db")
    stopped = False
    try:
        _slow(stage)
        with stage.phase("failed", "PostgreSQL is down"):
            database.stop(db)
            stopped = True
            stage.wait(stage.number("failed_s"))
    finally:
        with stage.phase("recovery", "PostgreSQL is started again"):
            if stopped:
                database.start(db)
            database.restore(db)


def _connections_exhausted(stage: Stage) -> None:
    app = stage.machine("app")
    app.put("/opt/shop/report.py", _LEAK)
    dsn = (
        f"host={stage.host('db').address} dbname={database.DATABASE} user={database.USER} "
        f"password={database.PASSWORD} connect_timeout=3"
    )
    leak = app.spawn(
        "report", "/usr/bin/python3", "/opt/shop/report.py", environment={"SHOP_DSN": dsn}
    )
    try:
        with stage.phase("degraded", "a report job takes one connection after another"):
            stage.wait(stage.number("degraded_s"))
        with stage.phase("failed", "no connections are left, then the shop process dies"):
            stage.wait(stage.number("failed_s") / 2)
            shop.send(app, "KILL")
            stage.wait(stage.number("failed_s") / 2)
    finally:
        with stage.phase("recovery", "the job is ended and the shop started again"):
            app.run("pkill", "-f", "/opt/shop/report.py", check=False)
            leak.wait(10)
            shop.start(app, stage.host("db").address)
            shop.wait_until_up(app)


def _application_stalls(stage: Stage) -> None:
    app, db = stage.machine("app"), stage.machine("db")
    try:
        _slow(stage)
        with stage.phase("failed", "the shop hangs, then it is killed"):
            shop.send(app, "STOP")
            stage.wait(stage.number("failed_s") / 2)
            shop.send(app, "KILL")
            stage.wait(stage.number("failed_s") / 2)
    finally:
        with stage.phase("recovery", "the shop is started again and lookups are fast"):
            database.restore(db)
            shop.send(app, "KILL")
            shop.start(app, stage.host("db").address)
            shop.wait_until_up(app)

"""A link fails: the routers' link flaps, the users' uplink flaps, or the link is full."""

from __future__ import annotations

import random

from lab.site import Role, Site
from lab.stage import Stage
from lab.truth import Cast, addresses

_VARIANTS = ("link_flaps", "uplink_flaps", "link_full")


def cast(site: Site, rng: random.Random) -> Cast:
    """Choose which link, and what is wrong with it."""
    edge, core = site.one(Role.EDGE), site.one(Role.CORE)
    variant = rng.choice(_VARIANTS)
    flaps = rng.randrange(5, 8)
    users = rng.sample(site.all(Role.USER), 3)
    cause = {
        "link_flaps": f"the link between {edge.name} (ge1) and {core.name} (ge0) flapped "
        f"{flaps} times",
        "uplink_flaps": f"{core.name}'s port ge1 to the users segment flapped {flaps} times",
        "link_full": f"the link between {edge.name} and {core.name} dropped to a few Mbit/s and "
        "bulk downloads filled it",
    }[variant]
    routers = (core,) if variant == "uplink_flaps" else (edge, core)
    return Cast(
        hosts=addresses((*routers, *(users if variant == "link_full" else ()))),
        primary=tuple(r.address for r in routers),
        actors=tuple(u.address for u in users) if variant == "link_full" else (),
        victims=tuple(r.address for r in routers),
        cause=cause,
        parameters={
            "variant": variant,
            "flaps": flaps,
            "segment": "users" if variant == "uplink_flaps" else "link",
            "mbit": rng.randrange(10, 16),
            **{f"user{i}": u.name for i, u in enumerate(users)},
        },
    )


def prepare(stage: Stage) -> None:
    """Nothing: cables are pulled from outside."""


def play(stage: Stage) -> None:
    """Flap the link, or fill it."""
    if stage.cast.parameters["variant"] == "link_full":
        _fill(stage)
    else:
        _flap(stage)


def _flap(stage: Stage) -> None:
    segment = str(stage.cast.parameters["segment"])
    try:
        for number in range(int(stage.number("flaps"))):
            with stage.phase("down", f"flap {number + 1}: no carrier on the {segment} ports"):
                stage.network.set_link(segment, up=False)
                stage.wait(stage.rng.uniform(4, 9))
            with stage.phase("up", f"flap {number + 1}: carrier is back"):
                stage.network.set_link(segment, up=True)
                stage.wait(stage.rng.uniform(6, 11))
    finally:
        stage.network.set_link(segment, up=True)


def _fill(stage: Stage) -> None:
    routers = (("ge1", Role.EDGE), ("ge0", Role.CORE))
    url = f"http://{stage.site.websites[0][1]}/image.iso"
    shape = f"rate {stage.number('mbit'):.0f}mbit burst 16k limit 90k".split()
    try:
        for port, role in routers:
            machine = stage.network[stage.site.one(role)]
            machine.run("tc", "qdisc", "replace", "dev", port, "root", "tbf", *shape)
        with stage.phase("saturated", f"three users load a large image at {shape[1]} in all"):
            for i in range(3):
                stage.machine(f"user{i}").spawn(
                    "bulk", "timeout", "150", "curl", "-s", "-o", "/dev/null", url
                )
            stage.wait(stage.slot.duration_s - 15)
    finally:
        with stage.phase("relief", "the downloads end and the link has its rate again"):
            for i in range(3):
                stage.machine(f"user{i}").run("pkill", "-f", "image.iso", check=False)
            for port, role in routers:
                stage.network[stage.site.one(role)].run(
                    "tc", "qdisc", "del", "dev", port, "root", check=False
                )

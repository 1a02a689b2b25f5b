"""A made office network: people, machines that call regularly for good reasons, and beacons.

People come and go, open pages of sites whose popularity is Zipf's, and some of those pages reload
by themselves for as long as they are open. Clocks, scrapes, health checks, devices with a cloud of
their own and updates call regularly; some such programs are newly installed while the network is
watched. It proves nothing about a real network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sensorium.detect.testing import Talks

F64 = npt.NDArray[np.float64]
HOUR = 3600.0

PEOPLE = 220
SITES = 4000
SERVERS = 30
DEVICES = 20
NEW_PROGRAMS_A_DAY = 4


def person(number: int) -> str:
    """The address of somebody's workstation."""
    return f"10.1.{number // 200}.{number % 200 + 10}"


def server(number: int) -> str:
    """The address of one of the house's servers."""
    return f"10.2.0.{number + 10}"


def site(number: int) -> str:
    """The address of a site."""
    return f"203.0.{number // 250}.{number % 250 + 1}"


def everyday(rng: np.random.Generator, hours: float) -> Talks:
    """All that goes on without any beacon."""
    end = hours * HOUR
    parts = [*_people(rng, end), *_machines(rng, end), *_programs(rng, end)]
    return Talks.join(parts)


def _people(rng: np.random.Generator, end: float) -> list[Talks]:
    parts: list[Talks] = []
    shares = 1.0 / np.arange(1, SITES + 1) ** 1.1
    shares /= shares.sum()
    for number in range(PEOPLE):
        who = person(number)
        sessions = np.cumsum(rng.exponential(1500.0, int(end / 900) + 20))
        sessions = sessions[sessions < end - 1200]
        clicks = np.repeat(sessions, rng.poisson(12, len(sessions)) + 1)
        clicks = clicks + rng.lognormal(4.5, 1.3, len(clicks))
        to = rng.choice(SITES, len(clicks), p=shares)
        up, down = rng.lognormal(7, 1, len(clicks)), rng.lognormal(9.5, 1.5, len(clicks))
        parts.append(_to_many(clicks, who, [site(s) for s in to.tolist()], up, down))
        parts.append(Talks.to(clicks - 0.05, who, server(0), 53, proto=17, up=70, down=150))
        reloads = sessions[rng.random(len(sessions)) < 0.08]
        parts += [
            _reloading(rng, begin, who, site(int(rng.choice(SITES, p=shares))))
            for begin in reloads.tolist()
        ]
    return parts


def _reloading(rng: np.random.Generator, begin: float, who: str, where: str) -> Talks:
    """A page that asks for news every few seconds while it is open."""
    pause = float(rng.choice([5, 10, 15, 30, 60]))
    at = begin + np.arange(0.0, rng.lognormal(6.3, 0.9), pause)
    at = at + rng.uniform(0, 0.3, len(at))
    return Talks.to(at, who, where, 443, up=rng.normal(800, 20, len(at)), down=900)


def _machines(rng: np.random.Generator, end: float) -> list[Talks]:
    parts = []
    for number in range(SERVERS):
        parts.append(every(rng, 15.0, 0.0, end, server(1), server(number), 9100))
        if number % 3 == 0:
            parts.append(every(rng, 10.0, 0.0, end, server(2), server(number), 8080))
    everybody = [person(n) for n in range(PEOPLE)] + [server(n) for n in range(SERVERS)]
    for who in everybody:
        clock, pause = f"192.0.2.{int(rng.integers(1, 5))}", float(2 ** rng.integers(7, 11))
        parts.append(every(rng, pause, 0.0, end, who, clock, 123, proto=17))
        parts.append(every(rng, 1800.0, 0.0, end, who, "192.0.2.20", 443, jitter=0.1))
    for number in range(DEVICES):
        pause = float(rng.choice([30, 60, 120, 300]))
        cloud = f"198.18.0.{number + 1}"
        parts.append(every(rng, pause, 0.0, end, f"10.3.0.{number + 1}", cloud, 8883))
    return parts


def _programs(rng: np.random.Generator, end: float) -> list[Talks]:
    """Programs that are new, call their maker regularly, and that nobody else has."""
    many = rng.poisson(NEW_PROGRAMS_A_DAY * end / (24 * HOUR))
    parts = []
    for number in range(many):
        begin, pause = rng.uniform(0.2 * end, 0.9 * end), float(rng.choice([60, 300, 600, 900]))
        who = person(int(rng.integers(PEOPLE)))
        parts.append(every(rng, pause, begin, end, who, f"198.19.0.{number + 1}", 443))
    return parts


def every(
    rng: np.random.Generator,
    pause: float,
    begin: float,
    end: float,
    client: str,
    to: str,
    port: int,
    *,
    proto: int = 6,
    jitter: float = 0.02,
) -> Talks:
    """Calls every so many seconds; the first within one pause of ``begin``."""
    many = int((end - begin) / pause) + 2
    at = begin + rng.uniform(0, pause)
    moments = at + np.cumsum(pause * rng.uniform(1 - jitter, 1 + jitter, many)) - pause
    moments = moments[(moments >= 0) & (moments < end - 5)]
    size = rng.normal(400, 8, len(moments))
    return Talks.to(moments, client, to, port, proto=proto, up=size, down=600, seconds=0.1)


@dataclass(frozen=True, slots=True)
class Beacon:
    """What a beacon does: a call every ``pause`` seconds, give or take ``jitter`` of it, of which
    a share ``missed`` does not come."""

    pause: float
    jitter: float
    missed: float


def planted(beacon: Beacon, rng: np.random.Generator, begin: float, end: float) -> Talks:
    """A beacon's calls from a workstation to an address that nobody else calls."""
    many = int((end - begin) / beacon.pause / (1 - beacon.jitter)) + 4
    pauses = beacon.pause * rng.uniform(1 - beacon.jitter, 1 + beacon.jitter, many)
    moments = begin + np.cumsum(pauses)
    moments = moments[rng.random(many) >= beacon.missed]
    moments = moments[moments < end - 5]
    size = rng.normal(620, 30, len(moments))
    return Talks.to(moments, person(int(rng.integers(PEOPLE))), "198.51.100.66", 443, up=size)


def _to_many(at: F64, client: str, servers: list[str], up: F64, down: F64) -> Talks:
    talks = Talks.to(at, client, client, 443, up=up, down=down, seconds=0.5)
    talks.server[:] = servers
    return talks

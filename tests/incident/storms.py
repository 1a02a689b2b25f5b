"""Random streams of anomalies of a small network where much is shared, and storms of a large one.

Both are made of the pieces of :mod:`tests.incident.streams`; nothing in them has a meaning.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from sensorium.model.anomaly import Anomaly, Entity, Peer
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from tests.incident import streams
from tests.incident.streams import CORE, EDGE, OUTSIDE, SERVERS, USERS, WEBSITE, WINDOW, feature

EVERYONE = (*SERVERS, *USERS, EDGE, CORE)
WORDS = (
    "ifplugd Link beat lost on ge0",
    "ospfd AdjChg: Nbr <*> Full -> Deleted (InactivityTimer)",
    "sshd Failed password for <*> from <*> port <*> ssh2",
    "sshd Accepted password for <*> from <*>",
    "nginx connect() failed (111: Connection refused) while connecting to upstream",
    "shop ERROR request <*> failed",
    "shop <*> listening on port <*>",
    "message 7",
)
FEATURES = (
    ("failed", 80, 0), ("failed_share", 0.9, 0), ("bytes", 2e4, 9e5), ("bytes_out", 4e7, 2e5),
    ("ports", 119, 4), ("novelty", 6, 0), ("flows", 0, 60), ("duration", 40, 0.1),
)  # fmt: skip
SERIES = (
    "up", "node_network_carrier_changes_total", "node_netstat_Tcp_RetransSegs", "errors_total",
    "request_duration_seconds", "process_open_fds", "node_network_transmit_bytes_total",
)  # fmt: skip


def mixture(seed: int, size: int, seconds: int = 900, repeats: float = 0.5) -> list[Anomaly]:
    """Anomalies of every sort at random hosts and times. Every now and then one goes on for a few
    windows, so that courses linger and entities tell less each time."""
    rng = random.Random(seed)
    out: list[Anomaly] = []
    while len(out) < size:
        make = _random_one(rng)
        start = rng.uniform(0, seconds)
        lasts = rng.randrange(1, 5) if rng.random() < repeats else 1
        out += [make(start + n * WINDOW) for n in range(lasts)]
    return out[:size]


def _random_one(rng: random.Random) -> Callable[[float], Anomaly]:
    who, other = rng.sample((*EVERYONE, OUTSIDE, WEBSITE), 2)
    p = 10.0 ** -rng.uniform(3.0, 9.0)
    oddity, seen, expected = rng.choice(FEATURES)
    some = [feature(oddity, seen, expected, score=rng.choice((2.0, 4.0, 9.0)))]
    port = rng.choice((22, 53, 80, 8000))
    word, name = rng.choice(WORDS), rng.choice(SERIES)
    rose = rng.random() < 0.7
    peers = tuple(
        Peer(h, port, 6, rng.random() < 0.5, round(rng.uniform(0.1, 1.0), 3))
        for h in rng.sample(EVERYONE, rng.randrange(1, 4))
        if h != who
    )
    makers: tuple[Callable[[float], Anomaly], ...] = (
        lambda t: streams.host(t, who, some, peers, p),
        lambda t: streams.pair(t, who, other, port, some, p=p),
        lambda t: streams.service(t, who, port, some, peers, p=p),
        lambda t: streams.log(t, who, word, p),
        lambda t: streams.series(t, who, name, p, value=9 if rose else 0, expected=1),
        lambda t: interface(t, rng_router, peers, p),
    )
    rng_router = rng.choice((EDGE, CORE))
    return rng.choices(makers, (3, 3, 2, 3, 4, 1))[0]


def interface(second: float, router: str, peers: tuple[Peer, ...], p: float = 1e-6) -> Anomaly:
    """An interface that carries more than usual."""
    start, end = streams.window(second)
    return Anomaly.make(
        start_ns=start, end_ns=end, entity=Entity(EntityKind.INTERFACE, f"{router}/1"),
        signal=Signal.FLOWS, detector="flows.interface", score=9.0, tail_probability=p,
        features=(feature("bytes", 9e7, 1e6),), hosts=(router,), peers=peers,
        summary=f"{router} interface 1 carries more",
    )  # fmt: skip


def outage(seed: int, count: int, second: float = 600) -> list[Anomaly]:
    """``count`` anomalies of one window, as an outage of a large network shows: hosts that fail
    to reach the servers they share, their logs and series, and routers that lose links."""
    rng = random.Random(seed)
    hosts = [f"10.{40 + n // 250}.{n % 250}.7" for n in range(max(count // 3, 4))]
    servers = [f"10.20.0.{n}" for n in range(1, 2 + len(hosts) // 40)]
    routers = [f"10.30.0.{n}" for n in range(1, 2 + len(hosts) // 100)]
    out: dict[str, Anomaly] = {}
    while len(out) < count:
        who = rng.choice(hosts)
        p = 10.0 ** -rng.uniform(3.0, 9.0)
        vain = [feature("failed", 80, 0), feature("failed_share", 0.9, 0)]
        some = rng.choices(servers, k=3)
        shares = zip(some, (0.4, 0.3, 0.2), strict=True)
        peers = tuple(Peer(s, 443, 6, True, share) for s, share in shares)
        sort = rng.choices(range(5), (4, 3, 3, 1, 9))[0]
        if sort == 0:
            one = streams.host(second, who, vain, peers, p)
        elif sort == 1:
            one = streams.pair(second, who, some[0], 443, vain, p=p)
        elif sort == 2:
            one = streams.log(second, who, f"shop{rng.randrange(6)} ERROR request <*> failed", p)
        elif sort == 3:
            one = streams.log(second, rng.choice(routers), rng.choice(WORDS[:2]), p)
        else:
            one = streams.series(second, who, f"node_netstat_{rng.randrange(60)}", p)
        out[one.id] = one
    return list(out.values())

"""Synthetic anomalies of known causes, as detectors would report them, for grouping to sort out.

Times are seconds from the start of the stream; windows are 30 s. No detector's exact output is
imitated: only who, with whom, which way, how improbable and in which words.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from sensorium.incident import IncidentConfig, IncidentManager
from sensorium.model.address import pack_address
from sensorium.model.anomaly import Anomaly, Entity, Feature, Peer
from sensorium.model.change import Change, ChangeKind, ChangeScope
from sensorium.model.entity_kind import EntityKind
from sensorium.model.incident import Incident
from sensorium.model.signals import Signal
from sensorium.observe import Observe
from sensorium.topology import EntityGraph, Identities
from sensorium.topology.behind import Behind
from sensorium.topology.inventory import Inventory
from tests.topology.batches import flow, flows, logs

SECOND = 1_000_000_000
WINDOW = 30
BEGAN = 1_800_000_000

EDGE, CORE = "10.9.0.1", "10.9.0.2"
DNS, WEB, APP, DB, FILES, BACKUP = (f"10.2.0.{n}" for n in (10, 20, 30, 40, 50, 60))
SERVERS = (DNS, WEB, APP, DB, FILES, BACKUP)
USERS = tuple(f"10.1.0.{n}" for n in (11, 12, 13, 14, 15))
OUTSIDE, WEBSITE = "203.0.113.9", "198.51.100.7"
NAMES = {
    EDGE: "gw-a", CORE: "gw-b", DNS: "names", WEB: "portal", APP: "orders", DB: "ledger",
    FILES: "share", BACKUP: "keeper",
} | {u: f"pc-{i}" for i, u in enumerate(USERS)}  # fmt: skip


def at(second: float) -> int:
    """A second of the stream in Unix nanoseconds."""
    return int((BEGAN + second) * SECOND)


def window(second: float) -> tuple[int, int]:
    """Start and end of the window that holds a second of the stream."""
    start = int((BEGAN + second) // WINDOW * WINDOW)
    return start * SECOND, (start + WINDOW) * SECOND


def feature(name: str, value: float, expected: float, score: float = 9.0) -> Feature:
    return Feature(name, value, expected, score)


def host(
    second: float, who: str, features: Iterable[Feature], peers: Iterable[Peer], p: float = 1e-8
) -> Anomaly:
    start, end = window(second)
    return Anomaly.make(
        start_ns=start, end_ns=end, entity=Entity(EntityKind.HOST, who), signal=Signal.FLOWS,
        detector="flows.host", score=9.0, tail_probability=p, features=tuple(features),
        hosts=(who,), peers=tuple(peers), summary=f"{who} did something",
    )  # fmt: skip


def pair(
    second: float,
    client: str,
    server: str,
    port: int,
    features: Iterable[Feature],
    *,
    p: float = 1e-7,
) -> Anomaly:
    start, end = window(second)
    return Anomaly.make(
        start_ns=start, end_ns=end, entity=Entity(EntityKind.PAIR, f"{client}>{server}"),
        signal=Signal.FLOWS, detector="flows.pair", score=9.0, tail_probability=p,
        features=tuple(features), hosts=(client, server),
        peers=(Peer(server, port, 6, True, 1.0),), summary=f"{client} with {server}",
    )  # fmt: skip


def service(
    second: float, server: str, port: int, features: Iterable[Feature], peers: Iterable[Peer],
    *, p: float = 1e-7,
) -> Anomaly:  # fmt: skip
    start, end = window(second)
    return Anomaly.make(
        start_ns=start, end_ns=end, entity=Entity(EntityKind.SERVICE, f"{server}:{port}/tcp"),
        signal=Signal.FLOWS, detector="flows.service", score=9.0, tail_probability=p,
        features=tuple(features), hosts=(server,), peers=tuple(peers), summary=f"{server} {port}",
    )  # fmt: skip


def log(second: float, who: str, template: str, p: float = 1e-6) -> Anomaly:
    start, end = window(second)
    key = f"{who}/{abs(hash_of(template)):016x}"
    return Anomaly.make(
        start_ns=start, end_ns=end, entity=Entity(EntityKind.LOG_TEMPLATE, key),
        signal=Signal.LOGS, detector="logs.rate", score=8.0, tail_probability=p,
        features=(feature("count", 40, 1),), hosts=(who,), summary=f"{who} logged: {template}",
    )  # fmt: skip


def series(
    second: float, who: str, name: str, p: float = 1e-5, *, value: float = 9, expected: float = 1
) -> Anomaly:
    start, end = window(second)
    return Anomaly.make(
        start_ns=start, end_ns=end,
        entity=Entity(EntityKind.SERIES, f'{name}{{instance="{who}:9100"}}'),
        signal=Signal.METRICS, detector="metrics.series", score=8.0, tail_probability=p,
        features=(feature("value", value, expected),), hosts=(who,), summary=f"{name} on {who}",
    )  # fmt: skip


def hash_of(text: str) -> int:
    return int.from_bytes(text.encode()[:8].ljust(8, b"."), "big")


def shares(addresses: Iterable[str], port: int, *, outbound: bool) -> tuple[Peer, ...]:
    """Up to five peers that share evenly."""
    some = list(addresses)
    return tuple(Peer(a, port, 6, outbound, round(1 / len(some), 4)) for a in some[:5])


def scan(
    start: float, who: str, targets: Iterable[str] = SERVERS, seconds: int = 60
) -> list[Anomaly]:
    """A TCP port scan, as the scanner and as its targets show it."""
    targets = tuple(targets)
    out = []
    for second in range(0, seconds, WINDOW):
        t = start + second
        wide = [
            feature("ports", 119, 4), feature("failed", 500, 1), feature("port_entropy", 6.5, 1.5),
            feature("novelty", 6, 0),
        ]  # fmt: skip
        out.append(host(t, who, wide, shares(targets, 0, outbound=True)))
        for target in targets:
            asked = [feature("ports_asked", 110, 3), feature("failed_as_server", 100, 0)]
            out.append(host(t, target, asked, (Peer(who, 0, 6, False, 0.95),), p=1e-6))
    return out


def guessing(start: float, who: str, target: str, seconds: int = 60) -> list[Anomaly]:
    """SSH password guessing and a login at its end."""
    out = []
    for second in range(0, seconds, WINDOW):
        t = start + second
        many = [feature("flows", 60, 0), feature("novelty", 5, 0)]
        out.append(pair(t, who, target, 22, many))
        out.append(
            service(t, target, 22, [feature("flows", 60, 0)], (Peer(who, 22, 6, False, 1.0),))
        )
        out.append(log(t, target, f"sshd Failed password for <*> from {who} port <*> ssh2"))
    out.append(log(start + seconds, target, "sshd Accepted password for <*> from <*>"))
    return out


def lateral(start: float, first: str, second: str) -> list[Anomaly]:
    """A first SSH login from one server to another."""
    new = [feature("novelty", 6, 0), feature("bytes_up", 9000, 0)]
    return [
        pair(start, first, second, 22, new),
        host(start, first, [feature("novelty", 6, 0)], (Peer(second, 22, 6, True, 1.0),), p=1e-6),
        log(start, second, "sshd Accepted password for <*> from <*>", p=1e-5),
    ]


def exfiltration(
    start: float, who: str, seconds: int = 60, outside: str = OUTSIDE
) -> list[Anomaly]:
    """A large upload to an address nobody ever spoke to."""
    out = []
    for second in range(0, seconds, WINDOW):
        t = start + second
        much = [
            feature("bytes_out", 4e7, 2e5),
            feature("asymmetry", 2.5, 0),
            feature("novelty", 6, 0),
        ]
        out.append(host(t, who, much, (Peer(outside, 80, 6, True, 0.97),)))
        out.append(
            pair(t, who, outside, 80, [feature("bytes_up", 4e7, 0), feature("novelty", 6, 0)])
        )
        out.append(series(t, who, "node_network_transmit_bytes_total", value=4e7, expected=1e5))
    return out


def intrusion(start: float) -> list[Anomaly]:
    """All of it: 60 s each of scan and guessing, then a second host, then data leaves."""
    return [
        *scan(start, USERS[2]),
        *guessing(start + 60, USERS[2], WEB),
        *lateral(start + 150, WEB, FILES),
        *exfiltration(start + 180, FILES),
    ]


def service_failure(start: float, seconds: int = 120) -> list[Anomaly]:
    """The application fails: its proxy and the proxy's clients, floods of errors, metrics."""
    out = []
    for second in range(0, seconds, WINDOW):
        t = start + second
        vain = [feature("failed", 80, 0), feature("failed_share", 0.9, 0)]
        out.append(pair(t, WEB, APP, 8000, vain))
        out.append(
            service(t, APP, 8000, [feature("failed", 80, 0)], (Peer(WEB, 8000, 6, False, 1.0),))
        )
        out.append(host(t, WEB, vain, (Peer(APP, 8000, 6, True, 0.98),)))
        less = [feature("bytes", 2e4, 9e5)]
        out.append(service(t, WEB, 80, less, shares(USERS, 80, outbound=False), p=1e-5))
        refused = "nginx connect() failed (111: Connection refused) while connecting to upstream"
        out += [log(t, WEB, text) for text in (refused, "nginx upstream timed out (110: <*>)")]
        out.append(log(t, APP, f"shop ERROR request <*> failed: database error {second}"))
        out.append(series(t, APP, "up", value=0, expected=1))
        out += [series(t, APP, f"http_requests_{n}_total", p=1e-4, value=0) for n in range(25)]
        out += [series(t, WEB, f"node_netstat_Tcp_{n}", p=1e-4) for n in range(15)]
    return out


def link_fault(start: float, seconds: int = 90) -> list[Anomaly]:
    """The link between the routers flaps."""
    out = []
    for second in range(0, seconds, WINDOW):
        t = start + second
        for router in (EDGE, CORE):
            out.append(log(t, router, "ifplugd Link beat lost on ge0"))
            out.append(log(t, router, "ospfd AdjChg: Nbr <*> Full -> Deleted (InactivityTimer)"))
            out.append(series(t, router, "node_network_carrier_changes_total"))
        for user in USERS:
            vain = [feature("failed_share", 0.7, 0)]
            out.append(host(t, user, vain, (Peer(WEBSITE, 80, 6, True, 0.9),), p=1e-5))
    return out


def backup(start: float, seconds: int = 120) -> list[Anomaly]:
    """A full copy of one host to the backup host, with what that does to both."""
    out = [
        log(start, DB, "CRON (root) CMD (/usr/local/sbin/full-backup)"),
        series(start, DB, "node_network_transmit_bytes_total", value=6e7, expected=1e5),
    ]
    for second in range(WINDOW, seconds + WINDOW, WINDOW):
        t = start + second
        much = [feature("bytes_out", 6e7, 2e5), feature("asymmetry", 2.5, 0)]
        out.append(host(t, DB, much, (Peer(BACKUP, 22, 6, True, 0.98),)))
        out.append(
            host(t, BACKUP, [feature("bytes_in", 6e7, 2e5)], (Peer(DB, 22, 6, False, 0.98),))
        )
        out.append(pair(t, DB, BACKUP, 22, [feature("bytes_up", 6e7, 3e5)]))
        out.append(series(t, DB, "node_network_transmit_bytes_total", value=6e7, expected=1e5))
        out.append(series(t, BACKUP, "node_network_receive_bytes_total", value=6e7, expected=1e5))
    return out


def backup_change(start: float, seconds: int = 300) -> Change:
    """The calendar's announcement of :func:`backup`."""
    scope = ChangeScope(hosts=("ledger",), peers=("keeper",), ports=("22/tcp",), max_bytes=10**9)
    return Change(
        at(start), at(start + seconds), ChangeKind.BACKUP, "calendar", scope,
        "Full backup of ledger", "backup-1@example",
    )  # fmt: skip


def deployment(start: float) -> list[Anomaly]:
    """The application is stopped, replaced and started."""
    return [
        log(start, APP, "deploy-agent deploying shop <*>, was <*>"),
        log(start, APP, "shop <*> stopping on signal <*>"),
        series(start, APP, "up", value=0, expected=1),
        pair(start, WEB, APP, 8000, [feature("failed", 20, 0)]),
        log(start + 30, WEB, "nginx connect() failed (111: Connection refused) while connecting"),
        log(start + 30, APP, "shop <*> listening on port <*>"),
    ]


def deployment_change(start: float) -> Change:
    """The event of :func:`deployment`."""
    scope = ChangeScope(hosts=("orders",), ports=("8000/tcp",), service="shop")
    return Change(
        at(start), at(start + 40), ChangeKind.DEPLOYMENT, "deployments", scope,
        "Deployment of shop 2.4.1", "deploy-1",
    )  # fmt: skip


def noise(seed: int, count: int, seconds: int = 1500) -> list[Anomaly]:
    """Quiet anomalies, as improbable as a gate of one in a thousand lets through; half of them
    metric series, of which there are most."""
    rng = random.Random(seed)
    everyone = [*SERVERS, *USERS, EDGE, CORE]
    out = []
    for _ in range(count):
        t, who, p = rng.uniform(0, seconds), rng.choice(everyone), 1e-3 * rng.random()
        other = rng.choice([h for h in everyone if h != who])
        sort = rng.choices(range(4), (1, 2, 2, 5))[0]
        if sort == 0:
            name = rng.choice(["bytes_in", "bytes_out", "flows_as_client", "novelty"])
            some = [feature(name, 9, 2, 4.0)]
            out.append(host(t, who, some, (Peer(other, 80, 6, True, rng.uniform(0.3, 1.0)),), p))
        elif sort == 1:
            out.append(pair(t, who, other, 80, [feature("bytes_up", 9e4, 1e4, 4.0)], p=p))
        elif sort == 2:
            out.append(log(t, who, f"message {rng.randrange(40)}", p))
        else:
            out.append(series(t, who, f"node_netstat_{rng.randrange(60)}", p))
    return out


def quiet_traffic() -> EntityGraph:
    """A network whose habits are known: users use the portal, it the application, it the data."""
    graph = EntityGraph()
    uses = [(WEB, APP, 8000), (APP, DB, 5432), (DB, BACKUP, 22)]
    uses += [(u, WEB, 80) for u in USERS] + [(h, DNS, 53) for h in (*USERS, *SERVERS) if h != DNS]
    uses += [(u, WEBSITE, 80) for u in USERS] + [(u, FILES, 80) for u in USERS]
    rows = [
        flow(c, s, dst_port=p, sampler_address=pack_address(r), time_received_ns=at(n * 10))
        for c, s, p in uses
        for n in range(4)
        for r in ((CORE, EDGE) if s == WEBSITE else (CORE,))
    ]
    graph.observe(flows(*rows))
    return graph


def manager(
    *changes: Change,
    config: IncidentConfig | None = None,
    observe: Observe | None = None,
    inventory: Inventory | None = None,
) -> IncidentManager:
    """A manager of that network, which knows the cables of an inventory."""
    identities = Identities()
    identities.observe(Signal.LOGS, logs(*((a, n, BEGAN) for a, n in sorted(NAMES.items()))))
    return IncidentManager(
        config or IncidentConfig(),
        observe or Observe(),
        identities,
        quiet_traffic(),
        list(changes),
        Behind(inventory or Inventory(), identities.resolve).of,
    )


def run(anomalies: Iterable[Anomaly], *changes: Change, until: float = 3000) -> list[Incident]:
    """All incidents of a stream, as they were when they were last changed, by start."""
    updates = manager(*changes).fold(list(anomalies), at(until))
    return sorted(updates.changed, key=lambda i: (i.start_ns, i.id))

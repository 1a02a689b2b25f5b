"""The scenarios of the issue, as synthetic telemetry with the anomalies detection would raise."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from sensorium.model.anomaly import Anomaly, Entity, Feature, Peer
from sensorium.model.change import Change, ChangeKind, ChangeScope
from sensorium.model.entity_kind import EntityKind
from sensorium.model.incident import Incident, IncidentKind, IncidentState, Severity, Verdict
from sensorium.model.signals import Signal
from tests.agent.town import OUTSIDE, Town, at, ip

A = 900  # when things happen, in seconds of the town's day


@dataclass
class Scenario:
    """Telemetry, the incident grouping would make of it, and what was announced."""

    town: Town
    incident: Incident
    anomalies: list[Anomaly]
    until_ns: int
    changes: list[Change] = field(default_factory=list)


def host_anomaly(
    host: str, start: float, *, feature: str = "peers", value: float = 40, peers: tuple[Peer, ...]
) -> Anomaly:
    """A host whose flows stood out in one window."""
    return Anomaly.make(
        start_ns=at(start),
        end_ns=at(start + 30),
        entity=Entity(EntityKind.HOST, ip(host)),
        signal=Signal.FLOWS,
        detector="robust",
        score=12.0,
        tail_probability=1e-6,
        features=(Feature(feature, value, 3.0, 12.0),),
        hosts=(ip(host),),
        peers=peers,
        summary=f"{ip(host)}: {feature} {value:.0f} against 3",
    )


def log_anomaly(host: str, start: float, line: str) -> Anomaly:
    """A host whose log wrote an unusual kind of line."""
    return Anomaly.make(
        start_ns=at(start),
        end_ns=at(start + 30),
        entity=Entity(EntityKind.LOG_TEMPLATE, f"{ip(host)}/{zlib.crc32(line.encode()):x}"),
        signal=Signal.LOGS,
        detector="templates",
        score=9.0,
        tail_probability=1e-5,
        features=(Feature("count", 20, 0, 9.0),),
        hosts=(ip(host),),
        summary=f"new line at {ip(host)}: {line}",
    )


def incident_of(anomalies: list[Anomaly], kind: IncidentKind) -> Incident:
    """The incident that grouping would make of these anomalies."""
    hosts = tuple(dict.fromkeys(h for a in anomalies for h in a.hosts))
    return Incident(
        id="INC-" + anomalies[0].id[3:11],
        state=IncidentState.INVESTIGATING,
        severity=Severity.MEDIUM,
        verdict=Verdict.UNKNOWN,
        kind=kind,
        title=f"Unusual activity at {hosts[0]}",
        start_ns=min(a.start_ns for a in anomalies),
        end_ns=max(a.end_ns for a in anomalies),
        hosts=hosts,
        anomaly_ids=tuple(a.id for a in anomalies),
        surprise=30.0,
    )


def peer(host: str, port: int, share: float = 1.0, *, outbound: bool = True) -> Peer:
    """The other end of what made a host odd."""
    return Peer(ip(host), port, 6, outbound, share)


def attack(town: Town, start: float = A) -> list[Anomaly]:
    """ws-3 scans, guesses, gets into web, moves on to db, and data leaves from there."""
    servers = ("web", "app", "db", "files", "vault", "dns")
    for i in range(180):
        town.talk(start + i * 0.2, "ws-3", servers[i % 6], 1001 + i // 2, failed=True, lasts=0.1)
    for i in range(60):
        t = start + 45 + i
        town.talk(t, "ws-3", "web", 22, 900, 1500, 0.8)
        town.log(
            t, "web", "sshd", f"Failed password for labuser from {ip('ws-3')} port 4{i:04} ssh2"
        )
        town.log(
            t, "web", "sshd",
            "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= "
            f"rhost={ip('ws-3')}  user=labuser",
        )  # fmt: skip
    accepted = "Accepted password for labuser from {} port 50123 ssh2"
    town.log(start + 107, "web", "sshd", accepted.format(ip("ws-3")))
    town.talk(start + 112, "web", "db", 22, 4_000, 6_000, 50)
    town.log(start + 113, "db", "sshd", accepted.format(ip("web")))
    town.bulk(start + 130, "db", OUTSIDE, 80, 60_000_000, 60)
    return [
        host_anomaly("ws-3", start, feature="ports", value=90, peers=(peer("web", 1001, 0.2),)),
        log_anomaly("web", start + 60, "Failed password for <*>"),
        host_anomaly("web", start + 90, feature="new_peers", value=2, peers=(peer("db", 22),)),
        host_anomaly(
            "db", start + 150, feature="bytes_out", value=6e7, peers=(peer(OUTSIDE, 80),)
        ),
    ]  # fmt: skip


def intrusion() -> Scenario:
    """The attack, on an ordinary day."""
    town = Town().live(A + 400)
    anomalies = attack(town)
    incident = incident_of(anomalies, IncidentKind.INTRUSION)
    return Scenario(town, incident, anomalies, at(A + 360))


def service_failure(*, recovers: bool = True) -> Scenario:
    """PostgreSQL on db stops and, maybe, comes back; the shop and its front fail with it."""
    down = (A + 60, A + 120 if recovers else A + 400)
    town = Town().live(A + 400, without=(("db", *down),))
    for i in range(40):
        t = down[0] + i * 1.5
        town.log(
            t, "app", "shop",
            f'ERROR request /checkout/{i} failed: database error: connection to server at '
            f'"{ip("db")}", port 5432 failed: Connection refused', 17,
        )  # fmt: skip
        town.log(t, "web", "nginx", f'10.1.0.11 "GET /checkout/{i}" 500 18 0.0{i}')
        town.talk(t, "app", "db", 5432, failed=True, lasts=0.01)
    town.log(down[0], "db", "postgres", "LOG:  received immediate shutdown request", 12)
    town.log(down[0] + 0.4, "db", "postgres", "LOG:  database system is shut down", 12)
    if recovers:
        ready = "LOG:  database system is ready to accept connections"
        town.log(down[1], "db", "postgres", ready, 12)
    anomalies = [
        host_anomaly("app", A + 60, feature="failed", value=40, peers=(peer("db", 5432),)),
        log_anomaly("app", A + 60, "ERROR request <*> failed: database error"),
        log_anomaly("web", A + 90, "GET <*> 500"),
    ]
    incident = incident_of(anomalies, IncidentKind.SERVICE_FAILURE)
    return Scenario(town, incident, anomalies, at(A + 270))


def link_fault() -> Scenario:
    """Port ge1 of gw2 flaps five times; its routing neighbour goes with it."""
    town = Town().live(A + 400)
    for flap in range(5):
        t = A + flap * 16
        for router, other in (("gw2", "gw1"), ("gw1", "gw2")):
            town.log(t, router, "ifplugd(ge1)", "Link beat lost.", 12)
            town.log(
                t + 1, router, "ospfd",
                f"AdjChg: Nbr {ip(other)}(default) on ge1:10.9.0.1: Full -> Deleted (KillNbr)", 13,
            )  # fmt: skip
            town.log(t + 7, router, "ifplugd(ge1)", "Link beat detected.", 12)
            town.log(
                t + 9, router, "ospfd",
                f"AdjChg: Nbr {ip(other)}(default) on ge1:10.9.0.1: Loading -> Full (LoadingDone)",
            )  # fmt: skip
    town.metric(A + 12, "gw2", "node_network_carrier", 0.0, device="ge1")
    anomalies = [
        log_anomaly(router, t, "Link beat lost.")
        for t in (A, A + 30, A + 60)
        for router in ("gw2", "gw1")
    ]
    incident = incident_of(anomalies, IncidentKind.LINK_FAULT)
    return Scenario(town, incident, anomalies, at(A + 210))


def _announced() -> list[Change]:
    calendar = Change(
        start_ns=at(A),
        end_ns=at(A + 300),
        kind=ChangeKind.BACKUP,
        source="calendar",
        scope=ChangeScope(
            hosts=("files",),
            peers=("vault",),
            ports=("22/tcp",),
            max_bytes=400_000_000,
            command="/usr/local/sbin/full-backup",
        ),
        title="Full backup of files",
        ref="backup-4711@town.example",
    )
    cron = Change(
        start_ns=at(A),
        end_ns=at(A + 600),
        kind=ChangeKind.JOB,
        source="crontab of files",
        scope=ChangeScope(hosts=("files",), command="/usr/local/sbin/full-backup"),
        title="/usr/local/sbin/full-backup on files, started by cron as root",
        ref="cron/files/7/2026-01-05T10:15Z",
    )
    return [calendar, cron]


def _backup(town: Town, megabytes: int) -> list[Anomaly]:
    town.log(A + 1, "files", "CRON", "(root) CMD (/usr/local/sbin/full-backup)")
    town.log(A + 1.2, "files", "full-backup", "started")
    town.log(A + 2, "vault", "sshd", f"Accepted publickey for ops from {ip('files')} port 5 ssh2")
    town.bulk(A + 2, "files", "vault", 22, megabytes * 1_000_000, 180)
    town.log(A + 183, "files", "full-backup", "finished, all sets copied")
    return [
        host_anomaly(h, t, feature=f, value=1e8, peers=(peer(o, 22, outbound=w),))
        for h, o, f, w in (
            ("files", "vault", "bytes_out", True),
            ("vault", "files", "bytes_in", False),
        )
        for t in (A + 30, A + 60, A + 90)
    ]  # fmt: skip


def planned_backup(megabytes: int = 212) -> Scenario:
    """A backup that the calendar and the cron table announce, and cron's log confirms."""
    town = Town().live(A + 400)
    anomalies = _backup(town, megabytes)
    incident = incident_of(anomalies, IncidentKind.BULK_TRANSFER)
    return Scenario(town, incident, anomalies, at(A + 300), _announced())


def attack_within_backup() -> Scenario:
    """The backup runs as announced, and the attack runs inside its window and on its host."""
    town = Town().live(A + 500)
    anomalies = _backup(town, 212)
    for i in range(30):
        t = A + 20 + i
        town.talk(t, "ws-3", "files", 22, 900, 1500, 0.8)
        town.log(
            t, "files", "sshd", f"Failed password for ops2 from {ip('ws-3')} port 4{i:04} ssh2"
        )
    town.log(A + 52, "files", "sshd", f"Accepted password for ops2 from {ip('ws-3')} port 9 ssh2")
    town.bulk(A + 70, "files", OUTSIDE, 443, 50_000_000, 60)
    anomalies.append(log_anomaly("files", A + 30, "Failed password for <*>"))
    incident = incident_of(anomalies, IncidentKind.BULK_TRANSFER)
    return Scenario(town, incident, anomalies, at(A + 340), _announced())


def deployment() -> Scenario:
    """The shop is stopped, replaced and started; the deployment system says so."""
    away = (A + 10, A + 30)
    town = Town().live(A + 400, without=(("app", *away),))
    town.log(A + 4, "app", "deploy-agent", "deploying shop 2.4.1, was 2.2.4")
    town.log(A + 10, "app", "shop", "INFO shop 2.2.4 stopping on signal 15")
    town.log(A + 30, "app", "shop", "INFO shop 2.4.1 listening on port 8000")
    for i in range(12):
        t = away[0] + i
        town.talk(t, "web", "app", 8000, failed=True, lasts=0.01)
        town.log(
            t, "web", "nginx",
            "12#12: *4 connect() failed (111: Connection refused) while connecting to upstream, "
            f'client: 10.1.0.11, upstream: "http://{ip("app")}:8000/"', 17,
        )  # fmt: skip
    anomalies = [
        host_anomaly("web", A, feature="failed", value=12, peers=(peer("app", 8000),)),
        log_anomaly("web", A, "connect() failed (111: Connection refused)"),
        log_anomaly("app", A, "shop <*> stopping on signal 15"),
    ]
    change = Change(
        start_ns=at(A + 3),
        end_ns=at(A + 38),
        kind=ChangeKind.DEPLOYMENT,
        source="deployments",
        scope=ChangeScope(hosts=("app",), ports=("8000/tcp",), service="shop"),
        title="Deployment of shop 2.4.1 (was 2.2.4) on app by release-bot, succeeded",
        ref="deploy-4242",
    )
    incident = incident_of(anomalies, IncidentKind.DEPLOYMENT)
    return Scenario(town, incident, anomalies, at(A + 180), [change])

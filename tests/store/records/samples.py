"""Records with every field set to something that could go wrong on the way."""

from __future__ import annotations

from sensorium.model.action import Action, RiskTier
from sensorium.model.anomaly import Anomaly, Entity, Feature, Peer
from sensorium.model.change import Change, ChangeKind, ChangeScope
from sensorium.model.entity_kind import EntityKind
from sensorium.model.evidence import Evidence, EvidenceSource, Finding, Weight
from sensorium.model.incident import Incident, IncidentKind, IncidentState, Severity, Verdict
from sensorium.model.signals import Signal

NOON = 1_790_000_000_000_000_000
TEXT = 'it\'s "quoted" \\ \n зал 🔌 {x} %s :name'


def anomaly(number: int = 0, *, key: str = "10.0.0.1>10.0.0.2") -> Anomaly:
    return Anomaly.make(
        start_ns=NOON + number * 30 * 10**9,
        end_ns=NOON + (number + 1) * 30 * 10**9,
        entity=Entity(EntityKind.PAIR, key),
        signal=Signal.FLOWS,
        detector="pair_volume",
        score=1 / 3 + number,
        tail_probability=1e-17,
        features=(
            Feature("bytes", 1e300, 0.1 + 0.2, float("inf"), "B"),
            Feature(TEXT, -0.0, 5e-324, 2.5),
        ),
        hosts=("10.0.0.1", "10.0.0.2"),
        peers=(Peer("10.0.0.2", 22, 6, True, 0.1), Peer("2001:db8::1", 0, 58, False, 1.0)),
        summary=TEXT,
    )


def incident(
    name: str = "INC-00000001",
    *,
    state: IncidentState = IncidentState.OPEN,
    anomaly_ids: tuple[str, ...] = (),
    revision: int = 0,
    start_ns: int = NOON,
) -> Incident:
    return Incident(
        id=name,
        state=state,
        severity=Severity.HIGH,
        verdict=Verdict.LIKELY,
        kind=IncidentKind.INTRUSION,
        title=TEXT,
        start_ns=start_ns,
        end_ns=start_ns + 10**9,
        hosts=("10.0.0.9", "10.0.0.1"),
        anomaly_ids=anomaly_ids,
        surprise=0.1 + 0.2,
        change_ref="calendar/uid-1",
        proof=TEXT,
        brief_path="briefs/INC-00000001.md",
        revision=revision,
    )


def evidence(number: int = 0, *, incident_id: str = "INC-00000001") -> Evidence:
    return Evidence(
        id=f"E-{number:010x}",
        incident_id=incident_id,
        title=TEXT,
        source=EvidenceSource.TELEMETRY,
        query="SELECT {hosts:Array(String)}",
        parameters={"hosts": ["a'b", "\x00"], "start_ns": NOON, "share": 0.1, "none": None},
        columns=("host", "n"),
        rows=(("10.0.0.1", 2**64 - 1), ("\x00 and \ud800", -0.5), (None, [["k", "v"]])),
        row_count=3,
        digest="d" * 64,
    )


def action(text: str = "nft add element inet filter blocked '{ 203.0.113.9 }'") -> Action:
    return Action(
        incident_id="INC-00000001",
        connector="manual",
        target="r1",
        title=TEXT,
        commands=(text, "nft list set inet filter blocked"),
        rollback=("nft delete element inet filter blocked '{ 203.0.113.9 }'",),
        risk=RiskTier.MEDIUM,
        rationale=TEXT,
    )


def change(number: int = 0, *, title: str = TEXT) -> Change:
    return Change(
        start_ns=NOON + number * 3600 * 10**9,
        end_ns=NOON + (number + 1) * 3600 * 10**9,
        kind=ChangeKind.BACKUP,
        source="calendar.ics",
        scope=ChangeScope(("files",), ("backup",), ("22/tcp",), "rsync", 2**40, "rsync -a"),
        title=title,
        ref=f"uid-{number}",
    )


FINDINGS = (
    Finding(TEXT, ("E-1", "E-2"), ("E-3",), Weight.STRONG, "traffic", NOON),
    Finding("Plain.", ("E-1",)),
)

"""The state of one investigation, as its checkpoints hold it: plain JSON values only.

Nodes read it through :class:`Case` and answer with the dicts this module makes, so that what is
stored on disk is told in one place and no checkpoint needs a class to be read back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from sensorium.agent.clue import Clue, ClueKind
from sensorium.model.action import Action, RiskTier
from sensorium.model.anomaly import Anomaly, Entity, Feature, Peer
from sensorium.model.change import Change, ChangeKind, ChangeScope
from sensorium.model.entity_kind import EntityKind
from sensorium.model.evidence import Weight
from sensorium.model.incident import Incident, IncidentKind, IncidentState, Severity, Verdict
from sensorium.model.signals import Signal

Json = dict[str, Any]


def merge(left: Json, right: Json) -> Json:
    """Join what nodes that ran side by side wrote; each writes under its own name."""
    return {**left, **right}


class InvestigationState(TypedDict, total=False):
    """Channels of the graph. ``clues``, ``evidence`` and ``notes`` are keyed by node.

    ``left_out`` is how many of the incident's anomalies are not among ``anomalies``. ``known_ns``
    is since when the store knows anything of the time before the incident.
    ``cables`` is what the inventory's cables were filed under when the case began.
    ``notes`` are sentences on what was not examined and why. ``answer`` is synthesis' result
    (verdict, kind, severity, title, impact), ``action`` the proposal, ``approval_id`` its
    approval, ``decision`` what the person said, ``handover`` the lines handed to them.
    """

    incident: Json
    anomalies: list[Json]
    left_out: int
    until_ns: int
    known_ns: int
    names: Json
    changes: list[Json]
    cables: str
    attacks: list[Json]
    plan: Json
    planned: Json
    clues: Annotated[dict[str, list[Json]], merge]
    evidence: Annotated[dict[str, list[str]], merge]
    notes: Annotated[dict[str, list[str]], merge]
    answer: Json
    action: Json
    approval_id: str
    decision: Json
    handover: list[str]


def incident_to_json(incident: Incident) -> Json:
    """An incident as a JSON object."""
    return {
        "id": incident.id,
        "state": incident.state.value,
        "severity": incident.severity.value,
        "verdict": incident.verdict.value,
        "kind": incident.kind.value,
        "title": incident.title,
        "start_ns": incident.start_ns,
        "end_ns": incident.end_ns,
        "hosts": list(incident.hosts),
        "anomaly_ids": list(incident.anomaly_ids),
        "surprise": incident.surprise,
        "change_ref": incident.change_ref,
        "proof": incident.proof,
        "brief_path": incident.brief_path,
        "revision": incident.revision,
    }


def incident_from_json(value: Mapping[str, Any]) -> Incident:
    """The inverse of :func:`incident_to_json`."""
    return Incident(
        **{
            **value,
            "state": IncidentState(value["state"]),
            "severity": Severity(value["severity"]),
            "verdict": Verdict(value["verdict"]),
            "kind": IncidentKind(value["kind"]),
            "hosts": tuple(value["hosts"]),
            "anomaly_ids": tuple(value["anomaly_ids"]),
        }
    )


def anomaly_to_json(anomaly: Anomaly) -> Json:
    """An anomaly as a JSON object."""
    return {
        "id": anomaly.id,
        "start_ns": anomaly.start_ns,
        "end_ns": anomaly.end_ns,
        "entity": [anomaly.entity.kind.value, anomaly.entity.key],
        "signal": anomaly.signal.value,
        "detector": anomaly.detector,
        "score": float(anomaly.score),
        "tail_probability": float(anomaly.tail_probability),
        "features": [
            [f.name, float(f.value), float(f.expected), float(f.score), f.unit]
            for f in anomaly.features
        ],
        "hosts": list(anomaly.hosts),
        "peers": [
            [p.address, int(p.port), int(p.proto), bool(p.outbound), float(p.share)]
            for p in anomaly.peers
        ],
        "summary": anomaly.summary,
    }


def anomaly_from_json(value: Mapping[str, Any]) -> Anomaly:
    """The inverse of :func:`anomaly_to_json`."""
    kind, key = value["entity"]
    return Anomaly(
        id=value["id"],
        start_ns=value["start_ns"],
        end_ns=value["end_ns"],
        entity=Entity(EntityKind(kind), key),
        signal=Signal(value["signal"]),
        detector=value["detector"],
        score=value["score"],
        tail_probability=value["tail_probability"],
        features=tuple(Feature(*f) for f in value["features"]),
        hosts=tuple(value["hosts"]),
        peers=tuple(Peer(*p) for p in value["peers"]),
        summary=value["summary"],
    )


def change_to_json(change: Change) -> Json:
    """A planned change as a JSON object."""
    scope = change.scope
    return {
        "start_ns": change.start_ns,
        "end_ns": change.end_ns,
        "kind": change.kind.value,
        "source": change.source,
        "title": change.title,
        "ref": change.ref,
        "scope": {
            "hosts": list(scope.hosts),
            "peers": list(scope.peers),
            "ports": list(scope.ports),
            "service": scope.service,
            "max_bytes": scope.max_bytes,
            "command": scope.command,
        },
    }


def change_from_json(value: Mapping[str, Any]) -> Change:
    """The inverse of :func:`change_to_json`."""
    scope = value["scope"]
    return Change(
        start_ns=value["start_ns"],
        end_ns=value["end_ns"],
        kind=ChangeKind(value["kind"]),
        source=value["source"],
        title=value["title"],
        ref=value["ref"],
        scope=ChangeScope(
            hosts=tuple(scope["hosts"]),
            peers=tuple(scope["peers"]),
            ports=tuple(scope["ports"]),
            service=scope["service"],
            max_bytes=scope["max_bytes"],
            command=scope["command"],
        ),
    )


def clue_to_json(clue: Clue) -> Json:
    """A clue as a JSON object."""
    return {
        "kind": clue.kind.value,
        "subject": clue.subject,
        "text": clue.text,
        "evidence": list(clue.evidence),
        "signal": clue.signal.value,
        "weight": clue.weight.value,
        "object": clue.object,
        "against": list(clue.against),
        "value": float(clue.value),
        "unit": clue.unit,
        "at_ns": clue.at_ns,
        "end_ns": clue.end_ns,
        "investigator": clue.investigator,
        "detail": dict(clue.detail),
    }


def clue_from_json(value: Mapping[str, Any]) -> Clue:
    """The inverse of :func:`clue_to_json`."""
    return Clue(
        **{
            **value,
            "kind": ClueKind(value["kind"]),
            "signal": Signal(value["signal"]),
            "weight": Weight(value["weight"]),
            "evidence": tuple(value["evidence"]),
            "against": tuple(value["against"]),
        }
    )


def action_to_json(action: Action) -> Json:
    """An action as a JSON object."""
    return {
        "incident_id": action.incident_id,
        "connector": action.connector,
        "target": action.target,
        "title": action.title,
        "commands": list(action.commands),
        "rollback": list(action.rollback),
        "risk": action.risk.value,
        "rationale": action.rationale,
        "digest": action.digest,
    }


def action_from_json(value: Mapping[str, Any]) -> Action:
    """The inverse of :func:`action_to_json`; ValueError if the digest does not match."""
    return Action(
        **{
            **value,
            "commands": tuple(value["commands"]),
            "rollback": tuple(value["rollback"]),
            "risk": RiskTier(value["risk"]),
        }
    )

"""The orchestrator: which investigators does this incident call for, and why not the others."""

from __future__ import annotations

from sensorium.agent.case import Case, Report
from sensorium.agent.naming import duration
from sensorium.agent.tools.exporters import exporters
from sensorium.agent.tools.known_since import known_since
from sensorium.agent.tools.toolbox import Toolbox
from sensorium.agent.window import SECOND_NS
from sensorium.model.entity_kind import EntityKind
from sensorium.model.incident import IncidentKind
from sensorium.model.signals import Signal

NAME = "orchestrate"

_WIDE = (EntityKind.SERVICE, EntityKind.INTERFACE, EntityKind.EXPORTER, EntityKind.SERIES)


def play(case: Case, box: Toolbox) -> Report:
    """Plan from what the anomalies are about, and find out how much of the past is known.

    Logs are always read, traffic is examined where flows or several hosts are involved, topology
    where something shared is (a router, a service) or several hosts are.
    """
    known = min((r["since_ns"] for r in known_since(box).rows), default=0)
    senders = {case.names.home(r["exporter"]) for r in exporters(box).rows}
    routers = [h for h in case.focus if h in senders]
    signals = {a.signal for a in case.anomalies}
    kinds = {a.entity.kind for a in case.anomalies}
    plan, notes = ["log"], []
    if Signal.FLOWS in signals or len(case.focus) > 1 or not signals:
        plan.append("traffic")
    else:
        notes.append("Traffic was not examined: no flow of the one host involved stood out.")
    shared = bool(kinds.intersection(_WIDE)) or len(case.focus) > 1 or bool(routers)
    if shared or case.incident.kind is not IncidentKind.UNKNOWN:
        plan.append("topology")
    else:
        notes.append("Topology was not examined: one host and nothing shared is involved.")
    notes += _short_past(box, known)
    return Report(
        notes=tuple(notes),
        update={"plan": {"investigators": plan, "routers": routers}, "known_ns": known},
    )


def _short_past(box: Toolbox, known_ns: int) -> list[str]:
    wanted = box.windows.before.seconds
    seconds = (box.windows.before.end_ns - known_ns) / SECOND_NS
    if not known_ns or seconds > wanted / 2:
        return []
    return [
        f"Only {duration(max(seconds, 0))} before the incident are known: 'usual', 'before' and "
        "'first time' mean since then."
    ]

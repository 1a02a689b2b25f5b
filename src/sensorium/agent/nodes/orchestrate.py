"""The orchestrator: which investigators does this incident call for, and why not the others."""

from __future__ import annotations

from sensorium.agent.case import Case, Report
from sensorium.agent.tools.toolbox import Toolbox
from sensorium.model.anomaly import EntityKind
from sensorium.model.incident import IncidentKind
from sensorium.model.signals import Signal

NAME = "orchestrate"

_WIDE = (EntityKind.SERVICE, EntityKind.INTERFACE, EntityKind.EXPORTER, EntityKind.SERIES)


def play(case: Case, box: Toolbox) -> Report:
    """Plan from what the anomalies are about; nothing is asked yet.

    Traffic is examined where flows or hosts are involved, logs always where a cause may have
    written some, topology where something shared is involved or several hosts are.
    """
    del box
    signals = {a.signal for a in case.anomalies}
    kinds = {a.entity.kind for a in case.anomalies}
    plan, notes = [], []
    if Signal.FLOWS in signals or len(case.focus) > 1 or not signals:
        plan.append("traffic")
    else:
        notes.append("Traffic was not examined: no flow of the one host involved stood out.")
    if Signal.LOGS in signals or Signal.FLOWS in signals or len(case.focus) > 1:
        plan.append("log")
    else:
        notes.append("Logs were not examined: only metrics of one host stood out.")
    shared = bool(kinds.intersection(_WIDE)) or len(case.focus) > 1
    if shared or case.incident.kind is not IncidentKind.UNKNOWN:
        plan.append("topology")
    else:
        notes.append("Topology was not examined: one host and nothing shared is involved.")
    return Report(notes=tuple(notes), update={"plan": {"investigators": plan}})

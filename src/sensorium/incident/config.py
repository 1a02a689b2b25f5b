"""Settings of incident grouping."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.component import setting


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentConfig:
    """When anomalies are one cause, when a cause is an incident, and when it is complete."""

    settle_s: int = setting(
        120, "seconds without a new anomaly after which an incident is investigated", ge=0
    )
    max_wait_s: int = setting(
        600, "seconds after its first anomaly at which it is investigated in any case", ge=0
    )
    hold_s: int = setting(
        120, "seconds during which a new incident is withheld, since causes may yet join", ge=0
    )
    gap_s: int = setting(
        150, "seconds of quiet after which anomalies are no longer of the same cause", ge=1
    )
    recurrence_s: int = setting(
        600, "seconds within which the same things going odd again are the same cause", ge=0
    )
    memory_s: int = setting(
        60, "seconds after which what a cause touched counts half when causes are compared", ge=1
    )
    affinity: float = setting(
        0.3, "how alike two causes must be, from 0 to 1, to be taken for one", gt=0, le=1
    )
    gate_decades: float = setting(
        3.0, "improbability (-log10) that every anomaly has by passing the gate", ge=0
    )
    open_decades: float = setting(
        10.0, "surprise within five minutes that makes an incident, in decades", gt=0
    )
    planned_decades: float = setting(
        1.0, "surprise that makes an incident of what an announced change explains", gt=0
    )
    max_comparisons: int = setting(
        50_000,
        "comparisons of causes a window; beyond it, in a storm, each is compared with few others",
        ge=1,
    )
    lead_s: int = setting(60, "seconds before its announced start that a change may begin", ge=0)
    overrun_s: int = setting(
        120, "seconds after its announced end that a change's effects may last", ge=0
    )

"""Settings of the agent."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.component import setting


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentConfig:
    """How far investigations look and what counts as inside."""

    baseline_minutes: int = setting(
        30, "minutes before an incident that it is compared with", ge=1, le=1440
    )
    lead_seconds: int = setting(
        90, "seconds before the first anomaly that already belong to the incident", ge=0, le=3600
    )
    tail_seconds: int = setting(
        30, "seconds after the last anomaly that still belong to the incident", ge=0, le=3600
    )
    history_hours: int = setting(
        168, "hours of the past in which something must not have been seen to be new", ge=1
    )
    focus_hosts: int = setting(
        8, "hosts an investigation looks at closely, most involved first", ge=1, le=64
    )
    read_anomalies: int = setting(
        2000, "anomalies of an incident that are read one by one, the most telling first", ge=10
    )
    evidence_rows: int = setting(
        40, "rows of an answer that are kept with the evidence", ge=1, le=1000
    )
    internal_networks: tuple[str, ...] = setting(
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"),
        "networks that are ours; everything else is outside",
    )
    plan_lead_seconds: int = setting(
        60, "how long before its announced start a planned change may begin", ge=0, le=3600
    )
    plan_slack_seconds: int = setting(
        120, "how long after its announced end a planned change may still run", ge=0, le=3600
    )
    operator: str = setting(
        "root", "login name in the commands proposed to people", pattern=r"^[a-z_][a-z0-9_.-]*$"
    )

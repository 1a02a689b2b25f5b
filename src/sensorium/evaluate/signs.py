"""When a scenario first showed in what the network sent, and not when its script began.

A scenario's first flow is one between two hosts that took part, of a pair, port and protocol that
the recording did not have before. Where there is none, the first line counts that a host which
took part logged in a form that nobody used before. A scenario that brings neither has no sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from sensorium.evaluate.truth import Scenario, Truth

# Clocks of exporters and of the scripts' machine agree to about this.
_MARGIN_NS = 2_000_000_000

_FLOW = """
SELECT toUnixTimestamp64Nano(min(first)) AS at_ns, count() AS found FROM (
    SELECT min(time_flow_start_ns) AS first FROM flows
    WHERE has({hosts:Array(String)}, replaceOne(toString(src_addr), '::ffff:', ''))
      AND has({hosts:Array(String)}, replaceOne(toString(dst_addr), '::ffff:', ''))
      AND time_flow_start_ns > fromUnixTimestamp64Nano(0)
    GROUP BY least(src_addr, dst_addr), greatest(src_addr, dst_addr),
             least(src_port, dst_port), proto
    HAVING first >= fromUnixTimestamp64Nano({start_ns:Int64})
       AND first <= fromUnixTimestamp64Nano({end_ns:Int64})
)
"""
_LINE = """
SELECT toUnixTimestamp64Nano(min(first)) AS at_ns, count() AS found FROM (
    SELECT min(time_ns) AS first,
           argMin(replaceOne(toString(source_address), '::ffff:', ''), time_ns) AS sender
    FROM logs GROUP BY template_id
    HAVING first >= fromUnixTimestamp64Nano({start_ns:Int64})
       AND first <= fromUnixTimestamp64Nano({end_ns:Int64})
       AND has({hosts:Array(String)}, sender)
)
"""


class Telemetry(Protocol):
    """What was recorded, to be asked in SQL."""

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Run one read-only statement."""


@dataclass(frozen=True, slots=True)
class Sign:
    """The first that was to be seen of a scenario: ``what`` (flow or log) and when, Unix ns."""

    what: str
    at_ns: int


def first_signs(telemetry: Telemetry, truth: Truth) -> dict[str, Sign]:
    """The first sign of each scenario that has one, by its id."""
    signs = {s.id: _first_sign(telemetry, s) for s in truth.scenarios}
    return {name: sign for name, sign in signs.items() if sign is not None}


def _first_sign(telemetry: Telemetry, scenario: Scenario) -> Sign | None:
    asked = {
        "hosts": sorted(scenario.hosts),
        "start_ns": scenario.start_ns - _MARGIN_NS,
        "end_ns": scenario.end_ns,
    }
    for what, sql in (("flow", _FLOW), ("log", _LINE)):
        row = telemetry.query(sql, asked).to_pylist()[0]
        if row["found"]:
            return Sign(what, int(row["at_ns"]))
    return None

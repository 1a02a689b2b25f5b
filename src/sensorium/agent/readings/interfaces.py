"""What interfaces' counters say: one that fell silent, one that is full, and who is behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sensorium.agent.case import Case
from sensorium.agent.clue import Clue, ClueKind, of_kind
from sensorium.agent.naming import clock, count, duration, size
from sensorium.agent.tools.interface_counters import BUCKET_NS
from sensorium.agent.tools.toolbox import Answer, Row
from sensorium.agent.window import SECOND_NS
from sensorium.model.evidence import Weight
from sensorium.model.signals import Signal

SILENT_BUCKETS = 3
BUSY_SHARE = 0.5
MOST_INTERFACES = 3


@dataclass(frozen=True, slots=True)
class Ports:
    """Interface names by router and ifIndex; a number stands for itself where none is known."""

    names: Mapping[tuple[str, int], str]

    @staticmethod
    def of(case: Case, answer: Answer) -> Ports:
        """Read the rows of ``interface_names``."""
        found: dict[tuple[str, int], str] = {}
        for row in answer.rows:
            found.setdefault((case.names.home(row["host"]), row["number"]), row["interface"])
        return Ports(found)

    def name(self, router: str, number: int) -> str:
        """``ge1``, or the number."""
        return self.names.get((router, number), str(number))

    def label(self, router: str, number: int) -> str:
        """``interface ge1``."""
        return f"interface {self.name(router, number)}"


def read_interfaces(case: Case, answer: Answer, ports: Ports) -> list[Clue]:
    """Clues from :func:`interface_counters`, the strongest few of each kind."""
    usual: dict[str, int] = defaultdict(int)
    for row in answer.rows:
        usual[row["exporter"]] = max(usual[row["exporter"]], row["active_before"])
    found = [
        clue
        for row in answer.rows
        for clue in _interface(case, answer, row, ports, usual[row["exporter"]])
    ]
    kept = []
    for kind in (ClueKind.INTERFACE_SILENT, ClueKind.INTERFACE_SATURATED):
        ranked = sorted(of_kind(found, kind), key=lambda c: (-c.value, c.subject, c.text))
        kept += ranked[:MOST_INTERFACES]
    return kept


def _interface(
    case: Case, answer: Answer, row: Row, ports: Ports, usual_buckets: int
) -> list[Clue]:
    """Whether an interface fell silent, or carried as much as it ever could for a while.

    ``usual_buckets`` is in how many buckets before the incident the exporter's busiest interface
    carried anything; one that is busy in half of them is expected to stay so.
    """
    busy = row["active_before"] >= max(12, BUSY_SHARE * usual_buckets)
    router, number = case.names.home(row["exporter"]), row["interface"]
    key = f"{router}#{ports.name(router, number)}"
    where = f"{ports.label(router, number)} of {case.names.host(router)}"
    way = "into" if row["direction"] == "in" else "out of"
    clues = []
    if busy and row["longest_gap"] > SILENT_BUCKETS:
        silent = (row["longest_gap"] - 1) * BUCKET_NS / SECOND_NS
        clues.append(
            Clue(
                ClueKind.INTERFACE_SILENT,
                key,
                f"nothing passed {way} {where} for {duration(silent)} from "
                f"{clock(row['gap_start_ns'])}, though it is busy otherwise",
                answer.cite,
                Signal.FLOWS,
                value=silent,
                unit="s",
                at_ns=row["gap_start_ns"],
                end_ns=row["gap_start_ns"] + int(silent * SECOND_NS),
            )
        )
    peak, usual = row["peak_during"], max(row["median_before"], 1)
    flat = row["near_peak_during"]
    if peak >= 3 * max(row["peak_before"], usual) and flat >= 4 and peak >= 1_000_000:
        rate = peak * 8 * SECOND_NS / BUCKET_NS
        clues.append(
            Clue(
                ClueKind.INTERFACE_SATURATED,
                key,
                f"traffic {way} {where} stood at {size(rate).replace('B', 'bit')}/s for "
                f"{duration(flat * BUCKET_NS / SECOND_NS)} (usual: "
                f"{size(usual * 8 * SECOND_NS / BUCKET_NS).replace('B', 'bit')}/s)",
                answer.cite,
                Signal.FLOWS,
                value=rate,
                unit="bit/s",
                at_ns=row["peak_start_ns"],
                detail={"flat_s": flat * BUCKET_NS / SECOND_NS},
            )
        )
    return clues


def behind(case: Case, answer: Answer, ports: Ports) -> list[Clue]:
    """Which of our hosts send through each interface of a router the incident is about."""
    clues = []
    for row in answer.rows:
        router = case.names.home(row["exporter"])
        hosts = [case.names.home(a) for a in row["addresses"]]
        hosts = [h for h in dict.fromkeys(hosts) if h != router]
        if not hosts or not row["interface"]:
            continue
        port = ports.name(router, row["interface"])
        clues.append(
            Clue(
                ClueKind.DEPENDENTS,
                f"{router}#{port}",
                f"{count(len(hosts), 'host')} {'is' if len(hosts) == 1 else 'are'} reached "
                f"through interface {port} of {case.names.host(router)}: "
                f"{case.names.many(hosts, 6)}",
                answer.cite,
                Signal.FLOWS,
                Weight.CONTEXT,
                value=len(hosts),
                unit="hosts",
                detail={"direct": hosts, "all": hosts},
            )
        )
    return clues

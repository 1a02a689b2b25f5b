"""The topology investigator: interfaces, metrics, and who depends on what was affected."""

from __future__ import annotations

from collections import defaultdict

from sensorium.agent.case import Case, Report
from sensorium.agent.clue import Clue, ClueKind, of_kind
from sensorium.agent.naming import clock, count, duration, parse_port, size
from sensorium.agent.nodes.metrics_reading import read_metrics
from sensorium.agent.tools.dependencies import dependencies
from sensorium.agent.tools.interface_counters import BUCKET_NS, interface_counters
from sensorium.agent.tools.metric_changes import metric_changes
from sensorium.agent.tools.toolbox import Answer, Row, Toolbox
from sensorium.agent.tools.vantage import vantage
from sensorium.agent.window import SECOND_NS
from sensorium.model.anomaly import EntityKind
from sensorium.model.evidence import Weight
from sensorium.model.signals import Signal
from sensorium.topology import EdgeTable

NAME = "topology"

SILENT_BUCKETS = 3
BUSY_SHARE = 0.5
MOST_INTERFACES = 3


def play(case: Case, box: Toolbox) -> Report:
    """Ask about interfaces, metrics and dependencies of what the incident is about."""
    seen = vantage(box, case.focus)
    routers = dict.fromkeys((*case.exporters, *(r["exporter"] for r in seen.rows)))
    exporters = tuple(dict.fromkeys(case.names.home(r) for r in routers))
    clues: list[Clue] = [_nearest(case, seen)] if seen.rows else []
    notes = []
    if exporters:
        counters = interface_counters(box, exporters)
        usual: dict[str, int] = defaultdict(int)
        for row in counters.rows:
            usual[row["exporter"]] = max(usual[row["exporter"]], row["active_before"])
        found = [
            c
            for row in counters.rows
            for c in interface(case, counters, row, usual[row["exporter"]])
        ]
        for kind in (ClueKind.INTERFACE_SILENT, ClueKind.INTERFACE_SATURATED):
            ranked = sorted(of_kind(found, kind), key=lambda c: (-c.value, c.subject, c.text))
            clues += ranked[:MOST_INTERFACES]
    else:
        notes.append("No router exported flows of these hosts, so no interface was examined.")
    extra = tuple(
        a.entity.key.partition("{")[0] for a in case.anomalies if a.entity.kind is EntityKind.SERIES
    )
    hosts = tuple(dict.fromkeys((*case.focus, *exporters)))
    clues += read_metrics(case, metric_changes(box, hosts, extra))
    answer, graph = dependencies(box)
    clues += dependents(case, answer, graph)
    return Report(tuple(clues), tuple(notes))


def _nearest(case: Case, seen: Answer) -> Clue:
    host = case.focus[0]
    rows = [r for r in seen.rows if case.names.home(r["host"]) == host] or list(seen.rows)
    row = rows[0]
    host, router = case.names.home(row["host"]), case.names.home(row["exporter"])
    return Clue(
        ClueKind.CENTRALITY,
        host,
        f"the router nearest to {case.names.host(host)} is {case.names.host(router)}, where its "
        f"packets come in on interface {row['in_if']}",
        seen.cite,
        Signal.FLOWS,
        Weight.CONTEXT,
        object=router,
        detail={
            "nearest": [
                [case.names.home(r["host"]), case.names.home(r["exporter"]), r["in_if"]]
                for r in seen.rows
            ]
        },
    )


def interface(case: Case, answer: Answer, row: Row, usual_buckets: int) -> list[Clue]:
    """Whether an interface fell silent, or carried as much as it ever could for a while.

    ``usual_buckets`` is in how many buckets before the incident the exporter's busiest interface
    carried anything; one that is busy in half of them is expected to stay so.
    """
    busy = row["active_before"] >= max(12, BUSY_SHARE * usual_buckets)
    key = f"{case.names.home(row['exporter'])}#{row['interface']}"
    where = f"interface {row['interface']} of {case.names.host(case.names.home(row['exporter']))}"
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
                f"{duration(flat * BUCKET_NS / SECOND_NS)}, usual is "
                f"{size(usual * 8 * SECOND_NS / BUCKET_NS).replace('B', 'bit')}/s",
                answer.cite,
                Signal.FLOWS,
                value=rate,
                unit="bit/s",
                at_ns=row["peak_start_ns"],
                detail={"flat_s": flat * BUCKET_NS / SECOND_NS},
            )
        )
    return clues


def dependents(case: Case, answer: Answer, graph: EdgeTable) -> list[Clue]:
    """Who uses what the incident is about, directly and in turn, and how central it is."""
    names = case.names
    clues: list[Clue] = []
    services = [a.entity.key for a in case.anomalies if a.entity.kind is EntityKind.SERVICE]
    for key in dict.fromkeys(services):
        address, _, label = key.rpartition(":")
        port, _ = parse_port(label)
        users = graph.dependents(names.home(address), port)
        if users:
            clues.append(_dependents_clue(case, answer, key, names.service(key), users))
    for host in case.focus:
        users = graph.dependents(host)
        if users and case.inside(host):
            clues.append(_dependents_clue(case, answer, host, names.host(host), users))
    ranked = sorted(graph.betweenness.items(), key=lambda item: (-item[1], item[0]))
    order = {host: place for place, (host, _) in enumerate(ranked, 1)}
    for host in case.focus[:3]:
        between = graph.betweenness.get(host, 0.0)
        if between <= 0:
            continue
        clues.append(
            Clue(
                ClueKind.CENTRALITY,
                host,
                f"{names.host(host)} talks with {count(graph.degree(host), 'host')} and is number "
                f"{order[host]} of {len(order)} by betweenness ({between:.2f})",
                answer.cite,
                Signal.FLOWS,
                Weight.CONTEXT,
                value=between,
            )
        )
    return clues


def _dependents_clue(
    case: Case, answer: Answer, key: str, label: str, users: dict[str, int]
) -> Clue:
    direct = [h for h, steps in users.items() if steps == 1]
    further = len(users) - len(direct)
    more = f", and through them {count(further, 'more host')}" if further else ""
    uses = "uses" if len(direct) == 1 else "use"
    return Clue(
        ClueKind.DEPENDENTS,
        key,
        f"{case.names.many(direct)} habitually {uses} {label}{more}",
        answer.cite,
        Signal.FLOWS,
        Weight.CONTEXT,
        value=len(users),
        unit="hosts",
        detail={"direct": direct, "all": list(users)},
    )

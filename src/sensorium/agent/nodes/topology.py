"""The topology investigator: interfaces, metrics, and who depends on what was affected."""

from __future__ import annotations

from sensorium.agent.case import Case, Report
from sensorium.agent.clue import Clue, ClueKind
from sensorium.agent.naming import count, parse_port
from sensorium.agent.readings.cables import read_cables
from sensorium.agent.readings.interfaces import Ports, behind, read_interfaces
from sensorium.agent.readings.metrics import read_metrics
from sensorium.agent.readings.paths import read_chains, read_path_shares
from sensorium.agent.tools.cables import cables
from sensorium.agent.tools.carried_hosts import carried_hosts
from sensorium.agent.tools.dependencies import dependencies
from sensorium.agent.tools.interface_counters import interface_counters
from sensorium.agent.tools.interface_names import interface_names
from sensorium.agent.tools.metric_changes import metric_changes
from sensorium.agent.tools.path_shares import path_shares
from sensorium.agent.tools.toolbox import Answer, Toolbox
from sensorium.agent.tools.vantage import vantage
from sensorium.model.entity_kind import EntityKind
from sensorium.model.evidence import Weight
from sensorium.model.signals import Signal
from sensorium.topology import EdgeTable

NAME = "topology"


def play(case: Case, box: Toolbox) -> Report:
    """Ask about interfaces, metrics, dependencies and cables of what the incident is about."""
    seen = vantage(box, case.focus)
    near = (case.names.home(r["exporter"]) for r in seen.rows)
    exporters = tuple(dict.fromkeys((*case.routers, *near)))
    clues: list[Clue] = []
    notes = []
    if exporters:
        ports = Ports.of(case, interface_names(box, exporters))
        clues += [_nearest(case, seen, ports)] if seen.rows else []
        clues += read_interfaces(case, interface_counters(box, exporters), ports)
        if case.routers:
            clues += behind(case, carried_hosts(box, case.routers), ports)
    else:
        notes.append("No router exported flows of these hosts, so no interface was examined.")
    extra = tuple(
        a.entity.key.partition("{")[0] for a in case.anomalies if a.entity.kind is EntityKind.SERIES
    )
    hosts = tuple(dict.fromkeys((*case.focus, *exporters)))
    clues += read_metrics(case, metric_changes(box, hosts, extra))
    answer, graph = dependencies(box)
    clues += dependents(case, answer, graph)
    clues += read_chains(case, answer, graph)
    if case.routers or set(case.focus) & set(exporters):
        clues += read_path_shares(case, path_shares(box))
    if case.cables:
        clues += read_cables(case, cables(box, case.cables, hosts))
    return Report(tuple(clues), tuple(notes))


def _nearest(case: Case, seen: Answer, ports: Ports) -> Clue:
    home = case.names.home
    ends = [h for h in case.focus if case.inside(h) and h not in case.routers]
    host = (ends or list(case.focus))[0]
    rows = [r for r in seen.rows if case.names.home(r["host"]) == host] or list(seen.rows)
    row = rows[0]
    host, router = case.names.home(row["host"]), case.names.home(row["exporter"])
    return Clue(
        ClueKind.CENTRALITY,
        host,
        f"the router nearest to {case.names.host(host)} is {case.names.host(router)}, where its "
        f"packets come in on {ports.label(router, row['in_if'])}",
        seen.cite,
        Signal.FLOWS,
        Weight.CONTEXT,
        object=router,
        detail={
            "ports": [
                f"{home(r['exporter'])}#{ports.name(home(r['exporter']), r['in_if'])}"
                for r in seen.rows
            ]
        },
    )


def dependents(case: Case, answer: Answer, graph: EdgeTable) -> list[Clue]:
    """Who uses what the incident is about, directly and in turn, and how central it is."""
    names = case.names
    clues: list[Clue] = []
    services = [a.entity.key for a in case.anomalies if a.entity.kind is EntityKind.SERVICE]
    told = set()
    for key in dict.fromkeys(services):
        address, _, label = key.rpartition(":")
        port, _ = parse_port(label)
        if not case.inside(names.home(address)):
            continue
        told.add(names.home(address))
        users = graph.dependents(names.home(address), port)
        if users:
            clues.append(_dependents_clue(case, answer, key, names.service(key), users))
    for host in case.focus:
        users = graph.dependents(host)
        if users and case.inside(host) and host not in told:
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

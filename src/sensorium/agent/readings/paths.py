"""What a node's place in the network says: on how many paths it is, and who depends on whom."""

from __future__ import annotations

from itertools import permutations

from sensorium.agent.case import Case
from sensorium.agent.clue import Clue, ClueKind
from sensorium.agent.naming import count, port_label
from sensorium.agent.tools.toolbox import Answer, Row
from sensorium.model.evidence import Weight
from sensorium.model.signals import Signal
from sensorium.topology import EdgeTable
from sensorium.topology.words import percent

CORE_SHARE = 0.2
_MOST_CHAINS = 2
_AMONG = 5


def read_path_shares(case: Case, answer: Answer) -> list[Clue]:
    """For each router of the incident, the share of the paths that it is on.

    Every address of a router counts once: the one that reported most.
    """
    best: dict[str, Row] = {}
    for row in answer.rows:
        home = case.names.home(row["exporter"])
        if home not in best or row["pairs"] > best[home]["pairs"]:
            best[home] = row
    top = max((row["pairs"] for row in best.values()), default=0)
    clues = []
    for router in dict.fromkeys((*case.routers, *case.focus)):
        if router not in best or not best[router]["all_pairs"]:
            continue
        row = best[router]
        share = row["pairs"] / row["all_pairs"]
        core = share >= CORE_SHARE and row["pairs"] == top
        volume = row["bytes"] / row["all_bytes"] if row["all_bytes"] else 0.0
        clues.append(
            Clue(
                ClueKind.PATH_SHARE,
                router,
                f"{case.names.host(router)} is a {'core ' if core else ''}router, on "
                f"{percent(share)} of the paths ({row['pairs']:,} of "
                f"{count(row['all_pairs'], 'client-service pair')}) with {percent(volume)} of the "
                f"bytes",
                answer.cite,
                Signal.FLOWS,
                Weight.CONTEXT,
                value=share,
                detail={"core": core, "bytes_share": volume},
            )
        )
    return clues


def read_chains(case: Case, answer: Answer, graph: EdgeTable) -> list[Clue]:
    """The shortest chains of uses between hosts of the incident that are not direct."""
    found = []
    hosts = [host for host in case.focus[:_AMONG] if case.inside(host)]
    for client, server in permutations(hosts, 2):
        chain = graph.dependency_path(client, server)
        if len(chain) > 1:
            found.append((len(chain), hosts.index(client), hosts.index(server), chain))
    clues = []
    for _, _, _, chain in sorted(found, key=lambda item: item[:3])[:_MOST_CHAINS]:
        client, server = chain[0].client, chain[-1].server
        through = [
            f"{case.names.host(edge.server)} ({port_label(edge.port, edge.proto)})"
            for edge in chain[:-1]
        ]
        last = port_label(chain[-1].port, chain[-1].proto)
        clues.append(
            Clue(
                ClueKind.DEPENDENCE,
                client,
                f"{case.names.host(client)} depends on {case.names.host(server)} ({last}) through "
                f"{', then '.join(through)}",
                answer.cite,
                Signal.FLOWS,
                Weight.CONTEXT,
                object=server,
                value=len(chain),
                unit="uses",
            )
        )
    return clues

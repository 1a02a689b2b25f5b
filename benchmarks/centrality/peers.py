"""Betweenness by igraph, NetworKit, rustworkx and NetworkX, in an environment of their own.

Run as a program with ``{"edges": [[u, v], ...], "repeats": n, "quick": false}`` on standard input,
it prints, for each library, wall seconds, processor seconds and the three largest figures. A quick
run leaves out the slower ones; NetworkX then searches from 50 nodes only, its times scaled to all.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

VERSIONS = {"igraph": "1.0.0", "networkit": "11.3", "networkx": "3.6.1", "rustworkx": "0.18.1"}
NEEDS = ("numpy>=2", "scipy>=1.15")
QUICK_SOURCES = 50


@dataclass(frozen=True, slots=True)
class Timed:
    """What one library took, and the three largest figures of its answer, over unordered pairs."""

    wall: float
    cpu: float
    head: list[float]


def measure(edges: list[list[int]], *, repeats: int, quick: bool) -> dict[str, Timed]:
    """Let every library work; of several runs each one's median counts."""
    from benchmarks.peer_environment import peer_python

    asked = json.dumps({"edges": edges, "repeats": repeats, "quick": quick})
    wanted = [*(f"{name}=={version}" for name, version in VERSIONS.items()), *NEEDS]
    command = [str(peer_python("graphs", wanted)), __file__]
    done = subprocess.run(command, input=asked, stdout=subprocess.PIPE, text=True, check=True)
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    return {name: Timed(**figures) for name, figures in answer.items()}


def main() -> None:
    """What the peers' own interpreter runs."""
    asked = json.load(sys.stdin)
    edges, repeats, quick = asked["edges"], asked["repeats"], asked["quick"]
    nodes = max(max(edge) for edge in edges) + 1
    works = {
        "igraph": (_igraph(nodes, edges), repeats, 1.0),
        "NetworKit KADABRA, error 0.01": (_kadabra(nodes, edges), 1, 1.0),
    }
    if not quick:
        works |= {
            "NetworKit, 1 thread": (_networkit(nodes, edges, 1), repeats, 1.0),
            "NetworKit, all threads": (_networkit(nodes, edges, 0), repeats, 1.0),
            "rustworkx, 1 thread": (_rustworkx(nodes, edges, 10**9), repeats, 1.0),
            "rustworkx, all threads": (_rustworkx(nodes, edges, 1), repeats, 1.0),
        }
    sources = QUICK_SOURCES if quick else nodes
    works["NetworkX"] = (_networkx(nodes, edges, sources), 1, nodes / sources)
    found = {name: _timed(*work) for name, work in works.items()}
    print(json.dumps(found))


def _timed(work: Callable[[], Any], repeats: int, scale: float) -> dict[str, Any]:
    walls, cpus, scores = [], [], []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        scores = work()
        walls.append((time.perf_counter() - wall) * scale)
        cpus.append((time.process_time() - cpu) * scale)
    head = sorted(map(float, scores))[-3:]
    middle = repeats // 2
    return {"wall": sorted(walls)[middle], "cpu": sorted(cpus)[middle], "head": head}


def _igraph(nodes: int, edges: list[list[int]]) -> Callable[[], Any]:
    graph = import_module("igraph").Graph(nodes, edges=edges)
    return lambda: graph.betweenness(directed=False)


def _networkit_graph(nodes: int, edges: list[list[int]]) -> Any:
    graph = import_module("networkit").Graph(nodes)
    for one, other in edges:
        graph.addEdge(one, other)
    return graph


def _networkit(nodes: int, edges: list[list[int]], threads: int) -> Callable[[], Any]:
    kit, graph = import_module("networkit"), _networkit_graph(nodes, edges)
    every = kit.getMaxNumberOfThreads()

    def work() -> Any:
        kit.setNumberOfThreads(threads or every)
        found = kit.centrality.Betweenness(graph, normalized=False).run().scores()
        return [score / 2 for score in found]

    return work


def _kadabra(nodes: int, edges: list[list[int]]) -> Callable[[], Any]:
    kit, graph = import_module("networkit"), _networkit_graph(nodes, edges)
    pairs = nodes * (nodes - 1) / 2

    def work() -> Any:
        found = kit.centrality.KadabraBetweenness(graph, 0.01, 0.01).run().scores()
        return [score * pairs for score in found]

    return work


def _rustworkx(nodes: int, edges: list[list[int]], threshold: int) -> Callable[[], Any]:
    rx = import_module("rustworkx")
    graph = rx.PyGraph()
    graph.add_nodes_from(range(nodes))
    graph.extend_from_edge_list([tuple(edge) for edge in edges])

    def work() -> Any:
        found = rx.betweenness_centrality(graph, normalized=False, parallel_threshold=threshold)
        return list(found.values())

    return work


def _networkx(nodes: int, edges: list[list[int]], sources: int) -> Callable[[], Any]:
    nx = import_module("networkx")
    graph = nx.Graph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(edges)

    def work() -> Any:
        k = sources if sources < nodes else None
        return list(nx.betweenness_centrality(graph, k=k, normalized=False, seed=1).values())

    return work


if __name__ == "__main__":
    main()

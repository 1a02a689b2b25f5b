"""Betweenness of friends, streamers and a campus network, beside four graph libraries.

Exact figures on one core (processor time) and on all of them (wall time), the same ones as the
libraries' to nine digits; and sampled ones, with the error that was stated and the one there was.
`--quick` leaves out the slower libraries, and NetworkX then searches from 50 nodes only.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from rich.table import Table

from benchmarks.centrality import graphs, peers
from benchmarks.report import Claim, arguments, number, report, wide_console
from sensorium.links.graph.compressed import Graph
from sensorium.topology.centrality.betweenness import Betweenness, betweenness_of
from sensorium.topology.centrality.blocks import blocks_of
from sensorium.topology.centrality.exact import pairs_between

ERROR = 0.01
HOSTS = 4000


def timed(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Median wall and processor seconds, after a run that is not counted."""
    work()
    walls, cpus = [], []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return sorted(walls)[repeats // 2], sorted(cpus)[repeats // 2]


def same(ours: peers.Timed, others: dict[str, peers.Timed]) -> bool:
    """Whether the libraries that give exact answers give this one."""
    exact = [found for name, found in others.items() if "KADABRA" not in name]
    whole = [found for found in exact[:-1] if np.allclose(found.head, ours.head, rtol=1e-9)]
    return len(whole) == len(exact) - 1


def one_graph(name: str, edges: graphs.Edges, *, quick: bool, sampled: bool) -> list[Claim]:
    """Measure one graph, print its table, and make its claims."""
    graph = Graph.from_edges(int(edges.max()) + 1, edges[:, 0], edges[:, 1])
    repeats = 1 if quick else 5
    _, alone = timed(lambda: pairs_between(graph, threads=1), repeats)
    wall, every = timed(lambda: pairs_between(graph), repeats)
    ours = peers.Timed(wall, every, sorted((pairs_between(graph) / 2).tolist())[-3:])
    others = peers.measure(edges.tolist(), repeats=repeats, quick=quick)
    table = Table(title=f"{name}: {graph.nodes:,} nodes, {graph.edges:,} edges")
    for heading in ("", "wall s", "processor s"):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row("ours, 1 thread", "", number(alone))
    table.add_row("ours, all threads", number(wall), number(every))
    for label, found in others.items():
        table.add_row(label, number(found.wall), number(found.cpu))
    wide_console().print(table)
    print("same figures as the libraries that searched everything:", same(ours, others))
    by_cpu = min((k for k in others if "KADABRA" not in k), key=lambda k: others[k].cpu)
    by_wall = min((k for k in others if "KADABRA" not in k), key=lambda k: others[k].wall)
    plain = others["NetworkX"].cpu
    label = f"NetworkX, {peers.QUICK_SOURCES} sources scaled" if quick else "NetworkX"
    claims = [
        _less(f"{name}: one core", alone, by_cpu, others[by_cpu].cpu, ">= 1x"),
        _less(f"{name}: all cores", wall, by_wall, others[by_wall].wall, ">= 1x"),
        _less(f"{name}: one core", alone, label, plain, ">= 40x"),
        Claim(f"{name}: figures that agree", float(same(ours, others)), "of 1", goal=">= 1"),
    ]
    return claims + (_sampled(name, graph, others) if sampled else [])


def _less(name: str, seconds: float, peer: str, its: float, goal: str) -> Claim:
    return Claim(name, seconds, "s", peer, its, goal, lower_is_better=True)


def _sampled(name: str, graph: Graph, others: dict[str, peers.Timed]) -> list[Claim]:
    """The largest error of a sample, beside the one it states."""
    found: list[Betweenness] = []
    _, cpu = timed(lambda: found.append(betweenness_of(graph, error=ERROR, exact_below=0)), 1)
    exact = betweenness_of(graph).share
    over = float(np.max(np.abs(found[-1].share - exact) / found[-1].error))
    print(f"{found[-1].paths:,} paths; stated {found[-1].error.max():.4f} at 99 %")
    kadabra = others["NetworKit KADABRA, error 0.01"].cpu
    return [
        _less(f"{name}: sampled to {ERROR}", cpu, "NetworKit KADABRA", kadabra, ""),
        Claim(f"{name}: largest error of that stated", over, "of 1", goal="<= 1"),
    ]


def cuts() -> list[Claim]:
    """Articulation points and bridges of a large network."""
    edges = graphs.campus(200_000)
    graph = Graph.from_edges(int(edges.max()) + 1, edges[:, 0], edges[:, 1])
    _, cpu = timed(lambda: blocks_of(graph), 3)
    return [Claim("cuts of a campus of 200,000 hosts", cpu, "s")]


def main() -> None:
    """Measure and report."""
    quick = arguments(__doc__).quick
    claims = []
    if (graphs.folder() / "ego-facebook").is_dir():
        claims += one_graph(
            "ego-facebook", graphs.stored("ego-facebook"), quick=quick, sampled=True
        )
        if not quick:
            claims += one_graph(
                "twitch-engb", graphs.stored("twitch-engb"), quick=quick, sampled=True
            )
    else:
        print(f"no graphs at {graphs.folder()}: SENSORIUM_TEST_DATA names the folder above it")
    claims += one_graph(f"campus of {HOSTS:,}", graphs.campus(HOSTS), quick=quick, sampled=False)
    report("Betweenness: exact and sampled", [*claims, *cuts()])


if __name__ == "__main__":
    main()

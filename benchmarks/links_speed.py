"""Graph learning at speed: drawing neighbourhoods, embedding every node, suggesting over HTTP.

All on generated graphs of friends, about ten edges a node. The sampler (fan-out [15, 10], 1,024
seeds a batch) beside the same in NumPy and in plain numba; layer-wise inference of a GraphSAGE of
two layers (its convolutions, 64 wide) beside PyG's over single messages; and the five best
suggestions for one user from a running service, the whole of its model, beside scoring every other
user. Weights are untrained: they do not change what it costs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.graphs.friends import friends
from benchmarks.graphs.models import untrained
from benchmarks.graphs.samplers import numba_sample, numpy_sample
from benchmarks.graphs.service import latencies, serving
from benchmarks.report import Claim, arguments, report
from sensorium.links.graph.compressed import Graph

FAN_OUT = (15, 10)
BATCH = 1_024


def cpu_rate(work: Callable[[], int], seconds: float) -> float:
    """What ``work`` says it did, a second of processor time, over about so many seconds."""
    work()
    done, began = 0, time.process_time()
    while time.process_time() - began < seconds:
        done += work()
    return done / (time.process_time() - began)


def samplers(graph: Graph, seconds: float) -> list[Claim]:
    """Seeds a second on one core."""
    from sensorium.links.neighbourhoods.sampling import NeighbourSampler

    random = np.random.default_rng(1)
    batches = [random.integers(0, graph.nodes, BATCH) for _ in range(16)]
    sampler = NeighbourSampler(graph, FAN_OUT)
    turn = iter(range(1 << 40))

    def ours() -> int:
        draw = next(turn)
        sampler.sample(batches[draw % 16], draw=draw)
        return BATCH

    def by_numpy() -> int:
        numpy_sample(graph, batches[0][:64], FAN_OUT, next(turn))
        return 64

    def by_numba() -> int:
        numba_sample(graph, batches[next(turn) % 16], FAN_OUT)
        return BATCH

    mine = cpu_rate(ours, seconds)
    name = f"neighbourhoods of {graph.nodes:,} nodes"
    numba = cpu_rate(by_numba, seconds)
    return [
        Claim(name, mine, "seeds/s", "NumPy", cpu_rate(by_numpy, seconds), ">= 100_000"),
        Claim(name, mine, "seeds/s", "plain numba", numba),
    ]


def inference(graph: Graph, repeats: int) -> Claim:
    """Nodes a second through two layers, on both cores."""
    import torch

    from sensorium.links.encoders.arcs import Arcs
    from sensorium.links.encoders.encoder import Shape
    from sensorium.links.encoders.registry import encoder
    from sensorium.links.neighbourhoods.inference import embed

    torch.manual_seed(0)
    model = encoder("sage", Shape(width=64)).eval()
    x = torch.randn(graph.nodes, 64)
    index = Arcs.of(graph).index

    def ours() -> object:
        return embed(model, lambda rows: x[torch.from_numpy(rows)], graph)

    def messages() -> object:
        out = x
        with torch.no_grad():
            for n, conv in enumerate(model.convs):
                out = model.step(n, out, conv(out, index), model.norms[n])
        return out

    best = {}
    for way in (ours, messages):
        taken = []
        for _ in range(repeats):
            began = time.perf_counter()
            way()
            taken.append(time.perf_counter() - began)
        best[way] = graph.nodes / min(taken)
    return Claim(
        f"GraphSAGE embeddings of {graph.nodes:,} nodes",
        best[ours],
        "nodes/s",
        "PyG, single messages",
        best[messages],
        ">= 500_000",
    )


def suggestions(graph: Graph, requests: int) -> list[Claim]:
    """Milliseconds to the five best suggestions over HTTP."""
    model = untrained(graph, width=64)
    random = np.random.default_rng(3)
    asked = [model.names.name(row) for row in random.integers(0, graph.nodes, requests)]

    def naive(name: str) -> object:
        row = model.names.row(name)
        scores = model.score(np.stack([np.full(graph.nodes, row), np.arange(graph.nodes)], 1))
        scores[graph.indices[graph.indptr[row] : graph.indptr[row + 1]]] = -np.inf
        return np.argsort(-scores)[:5]

    plain = []
    for name in asked[:5]:
        began = time.perf_counter()
        naive(name)
        plain.append((time.perf_counter() - began) * 1e3)
    with TemporaryDirectory() as folder, serving(model, Path(folder)) as url:
        taken = latencies(url, asked)
    size = f"top 5 for one of {graph.nodes:,} over HTTP"
    claim = partial(Claim, unit="ms", peer="scoring all", lower_is_better=True)
    everyone = float(np.median(plain))
    return [
        claim(f"{size}, median", float(np.median(taken)), peer_value=everyone),
        claim(f"{size}, p99", float(np.quantile(taken, 0.99)), peer_value=everyone, goal="<= 2"),
    ]


def main() -> None:
    """Measure and report."""
    quick = arguments(__doc__).quick
    graph = friends(100_000 if quick else 1_000_000)
    claims = samplers(graph, 1.0 if quick else 5.0)
    claims.append(inference(graph, 2 if quick else 5))
    claims += suggestions(friends(10_000 if quick else 100_000), 500 if quick else 5_000)
    report("links: sampling, inference, serving", claims)


if __name__ == "__main__":
    main()

"""Graph learning as a graph grows: generate, train, embed, index and serve, on two cores.

Graphs of friends with ten edges a node, up to a million nodes and ten million edges. Training goes
through sampled neighbourhoods (GraphSAGE and a dot product, 64 wide, fan-out [5, 5], one negative a
positive), and is timed over twenty steps, from which the time of an epoch over every edge follows;
``--epoch`` trains the whole of it. What ``sensorium links fit`` does with its defaults is measured
beside it: to prepare (views of the graph without the edges that are predicted), and an epoch of its
own, which is a bounded number of steps. All nodes are embedded layer by layer, indexed, and some
asked for suggestions in this process. Wall time, and memory at its highest.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import dataclass, replace

import numpy as np
import torch
from rich.table import Table

from benchmarks.graphs.friends import friends
from benchmarks.graphs.models import untrained
from benchmarks.report import Claim, number, report, wide_console
from sensorium.links.encoders.arcs import Arcs
from sensorium.links.graph.compressed import Graph
from sensorium.links.learning.fitting import divided
from sensorium.links.learning.settings import Settings
from sensorium.links.learning.training import Training
from sensorium.links.models.embedding import Scorer
from sensorium.links.models.model import LinkModel
from sensorium.links.models.refreshing import vectors_of
from sensorium.links.neighbourhoods.sampling import NeighbourSampler
from sensorium.links.serving.recommending import Sizes
from sensorium.links.serving.rules import Rules
from sensorium.links.serving.served import recommender_of

SIZES = (10_000, 100_000, 1_000_000)
FAN_OUT = (5, 5)
BATCH = 4_096
STEPS = 20
ASKED = 500


@dataclass(frozen=True, slots=True)
class Cost:
    """What one size costs: seconds, milliseconds for one user's suggestions, GiB at most so far."""

    nodes: int
    edges: int
    generate: float
    epoch: float
    prepare: float
    fit_epoch: float
    embed: float
    index: float
    suggest_ms: float
    memory: float


def trained(model: LinkModel, steps: int | None) -> float:
    """Seconds of an epoch: measured, or from so many of its steps."""
    network, graph = model.scorer.network, model.graph
    source, target = graph.pairs()
    random = np.random.default_rng(5)
    order = random.permutation(len(source))
    sampler = NeighbourSampler(graph, FAN_OUT)
    optimiser = torch.optim.AdamW(network.parameters(), 0.003)
    degree = torch.from_numpy(graph.degree().astype(np.float32))
    every = -(-len(order) // BATCH)
    done = min(every, steps or every)
    network.train()
    began = time.perf_counter()
    for step in range(done):
        chosen = order[step * BATCH : (step + 1) * BATCH]
        one, other = source[chosen].astype(np.int64), target[chosen].astype(np.int64)
        wrong = random.integers(0, graph.nodes, len(one))
        sample = sampler.sample(np.concatenate([one, other, wrong]), draw=step)
        sample = sample.without(one, other)
        by_target = np.argsort(sample.targets, kind="stable")
        counts = np.bincount(sample.targets, minlength=len(sample.nodes))
        arcs = Arcs(np.concatenate([[0], np.cumsum(counts)]), sample.sources[by_target])
        rows = torch.from_numpy(sample.nodes)
        vectors = network.vectors(rows, degree[rows], arcs, None)
        ends = torch.from_numpy(sample.seeds.reshape(3, -1))
        nothing = torch.zeros(len(one), 0)
        right = network.decoder(vectors[ends[0]], vectors[ends[1]], nothing)
        false = network.decoder(vectors[ends[0]], vectors[ends[2]], nothing)
        loss = torch.nn.functional.softplus(-right).mean()
        loss = loss + torch.nn.functional.softplus(false).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch gives it no types
        optimiser.step()
    network.eval()
    return (time.perf_counter() - began) / done * every


def fitted(graph: Graph) -> tuple[float, float]:
    """Seconds that ``links fit`` takes to prepare, and for its first epoch with its judgement."""
    settings = Settings(identity="random", epochs=1)
    split = divided(graph, settings, "random")
    began = time.perf_counter()
    learner = Training(split, None, settings)
    prepared = time.perf_counter() - began
    learner.run()
    return prepared, time.perf_counter() - began - prepared


def cost(nodes: int, steps: int | None) -> Cost:
    """Everything once, at one size."""
    began = time.perf_counter()
    graph: Graph = friends(nodes)
    generate = time.perf_counter() - began
    model = untrained(graph, width=64, decoder="dot")
    epoch = trained(model, steps)
    prepare, fit_epoch = fitted(graph)
    began = time.perf_counter()
    vectors = vectors_of(model.scorer.network, graph, None)
    embed = time.perf_counter() - began
    began = time.perf_counter()
    scorer = Scorer(model.scorer.network, graph, None, None, vectors)
    recommender = recommender_of(replace(model, scorer=scorer), Rules.none(nodes), Sizes())
    index = time.perf_counter() - began
    asked = np.random.default_rng(6).integers(0, nodes, ASKED + 50).tolist()
    taken = []
    for row in asked:
        began = time.perf_counter()
        recommender.ranked(row, 5)
        taken.append(time.perf_counter() - began)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    median = float(np.median(taken[50:])) * 1e3
    return Cost(
        nodes, graph.edges, generate, epoch, prepare, fit_epoch, embed, index, median, memory
    )


def main() -> None:
    """Measure each size, show the table, report the largest."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, within 50 seconds")
    parser.add_argument("--epoch", action="store_true", help="train whole epochs")
    chosen = parser.parse_args()
    sizes = (2_000, 20_000) if chosen.quick else SIZES
    costs = [cost(nodes, None if chosen.epoch else STEPS) for nodes in sizes]
    table = Table(title="seconds as a graph grows (top 5: milliseconds)", title_justify="left")
    learnt = ("every edge", "prepare", "fit's epoch")
    for heading in ("nodes", "edges", "make", *learnt, "embed", "index", "top 5", "GiB"):
        table.add_column(heading, justify="right")
    for one in costs:
        learning = (one.generate, one.epoch, one.prepare, one.fit_epoch)
        columns = (*learning, one.embed, one.index, one.suggest_ms, one.memory)
        table.add_row(f"{one.nodes:,}", f"{one.edges:,}", *(number(value) for value in columns))
    wide_console().print(table)
    last = costs[-1]
    size = f"{last.nodes:,} nodes"
    report(
        "links: growth",
        [
            Claim(f"an epoch over {last.edges:,} edges", last.epoch, "s"),
            Claim(f"links fit prepares for {last.edges:,} edges", last.prepare, "s"),
            Claim(f"links fit, an epoch on {last.edges:,} edges", last.fit_epoch, "s"),
            Claim(f"all embeddings of {size}", last.embed, "s"),
            Claim(f"an index of {size}", last.index, "s"),
            Claim(f"top 5 of {size}, in process, median", last.suggest_ms, "ms"),
            Claim(f"memory with {size}", last.memory, "GiB", goal="<= 24"),
        ],
    )


if __name__ == "__main__":
    main()

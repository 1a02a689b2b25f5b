"""How well and how fast edges of a stream are scored (DARPA 1998), beside MIDAS and MIDAS-R.

Every edge gets a score when it comes, from the edges before it and itself. The area is over all
4.5 million edges, an attack's edges against the rest. The peers are our own plain code after their
paper, compiled in the same way; what their authors measured stands beside them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.edges import corpus
from benchmarks.edges.judging import F64, auc, average_precision, found_at
from benchmarks.edges.midas import midas, midas_r
from benchmarks.report import Claim, arguments, report
from sensorium.detect.edge_stream import EdgeStream
from sensorium.detect.keys import mix

PUBLISHED = {"MIDAS": 0.91, "MIDAS-R": 0.95, "MIDAS-F": 0.98}
TITLE = "Edges of a stream (DARPA)"
CELLS = (1 << 10, 1 << 12, 1 << 17)
FEWEST = 4_000


def scorers(data: corpus.Edges) -> dict[str, Callable[[], F64]]:
    """What scores the whole stream, by name; ours takes 64-bit keys, as it does in the pipeline."""
    source, target = mix(data.source.astype(np.uint64)), mix(data.target.astype(np.uint64))
    plain = (data.source, data.target, data.tick)

    def ours(cells: int) -> F64:
        return EdgeStream(cells).score(source, target, data.tick)

    return {
        "ours": lambda: EdgeStream().score(source, target, data.tick),
        "MIDAS": partial(midas, *plain),
        "MIDAS-R": partial(midas_r, *plain),
        **{f"ours, {cells:,} cells": partial(ours, cells) for cells in CELLS},
    }


def measured(score: Callable[[], F64], repeats: int) -> tuple[F64, float]:
    """The scores, and the least processor time that they took."""
    taken = []
    for _ in range(repeats):
        began = time.process_time()
        scores = score()
        taken.append(time.process_time() - began)
    return scores, min(taken)


def by_attack(console: Console, data: corpus.Edges, scores: dict[str, F64]) -> None:
    """Print the area of each attack with many edges, against all edges of no attack."""
    table = Table(title="Area by attack", title_justify="left")
    for heading in ("attack", "edges", *scores):
        table.add_column(heading, justify="left" if heading == "attack" else "right")
    counts = np.bincount(data.attack)
    for kind in np.argsort(-counts).tolist():
        if kind and counts[kind] >= FEWEST:
            part = (data.attack == kind) | (data.attack == 0)
            areas = (f"{auc(each[part], data.attack[part] > 0):.4f}" for each in scores.values())
            table.add_row(data.attacks[kind], f"{counts[kind]:,}", *areas)
    console.print(table)


def main() -> None:
    """Measure and report."""
    quick = arguments(__doc__).quick
    path = corpus.file()
    if not path.is_file():
        print(f"no DARPA edges at {path}: SENSORIUM_TEST_DATA names the folder above it")
        report(TITLE, [])
        return
    data = corpus.edges(path)
    console, scores, rates = Console(width=110), {}, {}
    table = Table(title=f"{len(data):,} edges, {data.odd.mean():.0%} of attacks")
    for heading in ("scorer", "AUC", "AP", "found at 5 % false", "edges/s"):
        table.add_column(heading, justify="left" if heading == "scorer" else "right")
    for name, score in scorers(data).items():
        measured(score, 1)
        scores[name], seconds = measured(score, 2 if quick else 5)
        rates[name] = len(data) / seconds
        area, precision = auc(scores[name], data.odd), average_precision(scores[name], data.odd)
        found = f"{found_at(scores[name], data.odd, 0.05):.3f}"
        table.add_row(name, f"{area:.4f}", f"{precision:.4f}", found, f"{rates[name]:,.0f}")
    console.print(table)
    main_ones = {name: scores[name] for name in ("ours", "MIDAS", "MIDAS-R")}
    if not quick:
        by_attack(console, data, main_ones)
    areas = {name: auc(each, data.odd) for name, each in main_ones.items()}
    report(
        TITLE,
        [
            *(
                Claim("area (AUC)", areas["ours"], "", peer, areas[peer], ">= 0.985")
                for peer in ("MIDAS", "MIDAS-R")
            ),
            *(
                Claim("area (AUC)", areas["ours"], "", peer, figure, published=True)
                for peer, figure in PUBLISHED.items()
            ),
            Claim("scored, one core", rates["ours"], "edges/s", "", None, ">= 4_000_000"),
            *(
                Claim("scored, one core", rates["ours"], "edges/s", peer, rates[peer])
                for peer in ("MIDAS", "MIDAS-R")
            ),
        ],
    )


if __name__ == "__main__":
    main()

"""Link prediction on graphs of people and papers: ours beside heuristics and plain models.

One configuration, the defaults, for every graph. Each seed divides the edges anew (85/5/10 for
friends, 70/10/20 for cora); all are measured on the same edges and the same negatives, and know
training and validation edges when they are asked about test edges; ours and resource allocation
are asked once more with training edges alone. Mean and deviation of 5 seeds.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.friends.running import (
    OURS,
    SHARES,
    UNTOLD,
    Figures,
    Job,
    allocation,
    folder,
    run,
)
from benchmarks.report import Claim, report, wide_console

SEEDS: Final = 5
DIVISIONS: Final = 200
"""So many divisions show how far chance alone moves a figure."""
QUICK: Final = ("ego-facebook", "cora")
TITLE: Final = "Link prediction (links)"
METRICS: Final = ("auc", "ap", "mrr", "hits@20", "hits@50", "hits@100")
# Graph, set of pairs, metric, the peer that it stands beside, and the goal.
CLAIMS: Final = (
    ("ego-facebook", "test", "hits@50", "RA", ">= 90"),
    ("ego-facebook", "test", "hits@100", "RA", ">= 95"),
    ("ego-facebook", "suggestions", "hit@5", "RA", ">= 1x"),
    ("twitch-engb", "test", "auc", "RA", ">= 92"),
    ("twitch-engb", "test", "hits@50", "RA", ">= 60"),
    ("twitch-engb", "suggestions", "hit@5", "RA", ">= 1x"),
    ("cora", "test", "hits@100", "GAE (GCN + dot)", ">= 89"),
)
# Read in the papers, on the same graph and shares, not measured here.
PUBLISHED: Final = (("tuned GAE", 88.2), ("NCN", 89.1), ("HL-GNN", 94.2))


def jobs(seeds: int, *, quick: bool) -> list[Job]:
    """What is measured: all of one seed before the next, so that a run that is cut short has whole
    seeds."""
    graphs = QUICK if quick else tuple(SHARES)
    kinds = (False,) if quick else (False, True)
    return [
        Job(name, seed, quick, new=new) for seed in range(seeds) for new in kinds for name in graphs
    ]


def everything(wanted: list[Job]) -> dict[tuple[str, bool], list[Figures]]:
    """Figures by graph and kind of split, a list over seeds."""
    found: dict[tuple[str, bool], list[Figures]] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1), mp_context=context) as pool:
        for job, figures in zip(wanted, pool.map(run, wanted), strict=True):
            found.setdefault((job.graph, job.new), []).append(figures)
            kind = "new nodes" if job.new else "held-out edges"
            share = 100 * figures[OURS]["test"]["hits@50"]
            print(f"{job.graph}, {kind}, seed {job.seed}: hits@50 {share:.1f} %", file=sys.stderr)
    return found


def spread(runs: list[Figures], who: str, of: str, metric: str) -> tuple[float, float]:
    """Mean and standard deviation over seeds, in percent."""
    values = [100 * figures[who][of][metric] for figures in runs]
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0


def show(console: Console, name: str, runs: list[Figures], *, new: bool) -> None:
    """Print one graph's table."""
    kind = "new nodes" if new else "held-out edges"
    table = Table(title=f"{name}, {kind}, {len(runs)} seeds, %", title_justify="left")
    table.add_column("")
    for metric in (*METRICS, "hard MRR", "Hit@5"):
        table.add_column(metric, justify="right")
    for who in runs[0]:
        cells = [_cell(runs, who, "test", metric) for metric in METRICS]
        cells.append(_cell(runs, who, "hard", "mrr"))
        cells.append(_cell(runs, who, "suggestions", "hit@5"))
        table.add_row(who, *cells)
    console.print(table)


def _cell(runs: list[Figures], who: str, of: str, metric: str) -> str:
    if of not in runs[0][who]:
        return ""
    mean, deviation = spread(runs, who, of, metric)
    return f"{mean:.1f} ± {deviation:.1f}"


def chance(console: Console, name: str, divisions: int) -> None:
    """Print how far the figures of a score that learns nothing differ between divisions."""
    table = Table(title=f"{name}, RA on {divisions} divisions, %", title_justify="left")
    for heading in ("", "known", "mean", "deviation", "lowest", "highest"):
        table.add_column(heading, justify="right")
    for training_only in (False, True):
        known = "training" if training_only else "training, validation"
        every = [allocation(name, seed, training_only=training_only) for seed in range(divisions)]
        for metric in ("hits@50", "hits@100"):
            values = [100 * figures[metric] for figures in every]
            found = (statistics.fmean(values), statistics.stdev(values), min(values), max(values))
            table.add_row(metric, known, *(f"{value:.1f}" for value in found))
    console.print(table)


def claims(found: dict[tuple[str, bool], list[Figures]]) -> Iterator[Claim]:
    """Our figures beside the strongest simple peer, and what was published."""
    for name, of, metric, peer, goal in CLAIMS:
        if (name, False) not in found:
            continue
        runs = found[name, False]
        ours, deviation = spread(runs, OURS, of, metric)
        theirs, _ = spread(runs, peer, of, metric)
        yield Claim(f"{name}, {metric}", ours, _unit(deviation, runs), peer, theirs, goal)
    for (name, new), runs in found.items():
        for metric in () if new else ("hits@50", "hits@100"):
            ours, deviation = spread(runs, OURS + UNTOLD, "test", metric)
            theirs, _ = spread(runs, "RA" + UNTOLD, "test", metric)
            yield Claim(f"{name}, {metric}{UNTOLD}", ours, _unit(deviation, runs), "RA", theirs)
    ours, deviation = spread(found["cora", False], OURS, "test", "hits@100")
    for peer, value in PUBLISHED:
        unit = _unit(deviation, found["cora", False])
        yield Claim("cora, hits@100", ours, unit, peer, value, published=True)
    for (name, new), runs in found.items():
        peer = "GraphSAGE + dot"
        which, of, metric = ("new nodes, ", "test", "auc") if new else ("hard, ", "hard", "mrr")
        ours, deviation = spread(runs, OURS, of, metric)
        theirs, _ = spread(runs, peer, of, metric)
        yield Claim(f"{name}, {which}{metric}", ours, _unit(deviation, runs), peer, theirs)


def _unit(deviation: float, runs: list[Figures]) -> str:
    return f"% ± {deviation:.1f}, {len(runs)} seeds"


def asked() -> argparse.Namespace:
    """``--quick`` and ``--seeds``."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument(
        "--quick", action="store_true", help="one seed, two graphs, little training"
    )
    parser.add_argument("--seeds", type=int, default=SEEDS, help="divisions of each graph")
    return parser.parse_args()


def main() -> None:
    given = asked()
    quick, seeds = given.quick, 1 if given.quick else given.seeds
    console = wide_console()
    if not folder().is_dir():
        console.print(f"no graphs at {folder()}: SENSORIUM_TEST_DATA names the folder above it")
        report(TITLE, [])
        return
    chance(console, "ego-facebook", 3 if quick else DIVISIONS)
    found = everything(jobs(seeds, quick=quick))
    for (name, new), runs in found.items():
        show(console, name, runs, new=new)
    report(TITLE, list(claims(found)))


if __name__ == "__main__":
    main()

"""How well odd talk is told from usual talk: DARPA's attacks, and edges put among messages.

DARPA: each pair of hosts once an hour; what came before 17 June is history, and nothing is told of
attacks. Messages: the earlier half is history; edges that never were are put into the later half.
Each hour is scored against the hours before it, and then learned. Ours without training and with
the temporal model stand beside the rule "never seen" and beside degrees, Adamic-Adar and recency.
"""

from __future__ import annotations

import time
from collections import defaultdict

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.edges import corpus
from benchmarks.edges.judging import F64, auc, average_precision, false_at, found_at
from benchmarks.report import Claim, arguments, report
from benchmarks.talk import hours as data
from benchmarks.talk.injected import KINDS, injected
from benchmarks.talk.ours import Taught
from benchmarks.talk.simple import by_degrees, never_seen

TITLE = "Who talks to whom: odd edges among usual ones"
SHARES = (0.01, 0.05, 0.10)
SEEDS = 5
OURS = ("plain", "temporal")
DEGREES = "degrees, AA, recency"

Figures = dict[str, list[float]]


def darpa_scores(edges: corpus.Edges, seeds: int) -> tuple[data.Hours, dict[str, list[F64]]]:
    """All scores of DARPA's hours, a list by seed each."""
    hours = data.darpa(edges)
    found = {"never seen": [never_seen(hours)], DEGREES: [by_degrees(hours)]}
    found["plain"] = [Taught(hours, None, trust=True).scores(hours)]
    found["temporal"] = [Taught(hours, seed, trust=True).scores(hours) for seed in range(seeds)]
    return hours, found


def darpa(console: Console, seeds: int) -> list[Claim]:
    """Print DARPA's tables; its claims."""
    edges = corpus.edges(corpus.file())
    hours, found = darpa_scores(edges, seeds)
    later, odd = ~hours.history, hours.odd[~hours.history]
    table = Table(
        title=f"DARPA: {len(odd):,} edges after {int(hours.history.sum()):,} of history,"
        f" {odd.mean():.0%} of attacks; {seeds} seeds",
        title_justify="left",
    )
    for heading in ("score", "AUC", "AP", "found at 5 % false", "false where 95 % are found"):
        table.add_column(heading, justify="left" if heading == "score" else "right")
    at_five: Figures = {}
    for name, each in found.items():
        parts = [scores[later] for scores in each]
        at_five[name] = [found_at(scores, odd, 0.05) for scores in parts]
        table.add_row(
            name,
            spread([auc(scores, odd) for scores in parts]),
            spread([average_precision(scores, odd) for scores in parts]),
            spread(at_five[name]),
            spread([false_at(scores, odd, 0.95) for scores in parts]),
        )
    console.print(table)
    rule = found["never seen"][0][later] > 0
    console.print(
        f'the rule "never seen": {rule[odd].mean():.3f} found at {rule[~odd].mean():.3f} false'
    )
    by_attack(console, hours, edges.attacks, found, 1 if seeds > 1 else 100)
    found_by_rule = float(np.mean(at_five["never seen"]))
    return [
        Claim(
            f"DARPA, found at 5 % false, {name}",
            float(np.mean(at_five[name])),
            "share",
            "never seen",
            found_by_rule,
            ">= 0.95",
        )
        for name in OURS
    ]


def by_attack(
    console: Console, hours: data.Hours, names: list[str], found: dict[str, list[F64]], fewest: int
) -> None:
    """Print each attack's share found where 5 % of the others pass, and its area."""
    later, kind = ~hours.history, hours.kind[~hours.history]
    table = Table(title="DARPA by attack: found at 5 % false / AUC", title_justify="left")
    for heading in ("attack", "edges", "plain", "temporal"):
        table.add_column(heading, justify="left" if heading == "attack" else "right")
    counts = np.bincount(kind)
    listed = [k for k in np.argsort(-counts).tolist() if k and counts[k] >= fewest]
    for each in listed:
        part = (kind == 0) | (kind == each)
        cells = []
        for name in OURS:
            scores = found[name][0][later][part]
            odd = kind[part] > 0
            cells.append(f"{found_at(scores, odd, 0.05):.2f} / {auc(scores, odd):.3f}")
        table.add_row(names[each], f"{counts[each]:,}", *cells)
    console.print(table)


def message_figures(
    of: data.Messages, whole: data.Messages, seeds: int, settings: list[tuple[str, float]]
) -> dict[tuple[str, float], Figures]:
    """Areas by kind and share of what was put in, for each score, a list by seed."""
    found: dict[tuple[str, float], Figures] = defaultdict(lambda: defaultdict(list))
    none = np.zeros(0, np.int64)
    past = data.with_odd(of, none, none, none)
    plain = Taught(past, None, trust=False)
    for seed in range(seeds):
        temporal = Taught(past, seed, trust=False)
        for kind, share in settings:
            hours = data.with_odd(of, *injected(whole, of, share, kind, seed))
            later, odd = ~hours.history, hours.odd[~hours.history]
            for name, scores in (
                (DEGREES, by_degrees(hours)),
                ("plain", plain.scores(hours)),
                ("temporal", temporal.scores(hours)),
            ):
                found[kind, share][name].append(auc(scores[later], odd))
    return found


def messages(console: Console, *, quick: bool) -> list[Claim]:
    """Print the table of the messages; its claims."""
    whole = data.messages(data.messages_file())
    seeds = 2 if quick else SEEDS
    shares = (0.05,) if quick else SHARES
    every = [(kind, share) for kind in KINDS for share in shares]
    sets = {"first contacts": data.first_contacts(whole)}
    if not quick:
        sets["all messages"] = whole
    table = Table(title=f"uci-messages, AUC, {seeds} seeds", title_justify="left")
    for heading in ("edges", "put in", DEGREES, *OURS):
        table.add_column(heading, justify="left" if heading in {"edges", "put in"} else "right")
    claims = []
    for name, of in sets.items():
        figures = message_figures(of, whole, seeds, every)
        for (kind, share), by_score in figures.items():
            cells = (spread(by_score[score]) for score in (DEGREES, *OURS))
            table.add_row(name, f"{share:.0%} {kind}", *cells)
            ours, simple = np.mean(by_score["temporal"]), np.mean(by_score[DEGREES])
            goal = ">= 0.93" if kind == "uniform" else ""
            what = f"messages, {name}, {share:.0%} {kind}, AUC"
            claims.append(Claim(what, float(ours), "", DEGREES, float(simple), goal))
    console.print(table)
    return claims


def spread(values: list[float]) -> str:
    """The mean, and the deviation where there are several."""
    mean = f"{np.mean(values):.4f}"
    return f"{mean} ± {np.std(values):.4f}" if len(values) > 1 else mean


def main() -> None:
    """Measure and report."""
    quick = arguments(__doc__).quick
    missing = [str(f) for f in (corpus.file(), data.messages_file()) if not f.is_file()]
    if missing:
        print(f"not there: {', '.join(missing)}: SENSORIUM_TEST_DATA names the folder above")
        report(TITLE, [])
        return
    console, began = Console(width=110), time.process_time()
    claims = [*messages(console, quick=quick), *darpa(console, 1 if quick else SEEDS)]
    console.print(f"{time.process_time() - began:.0f} s of processor time")
    report(TITLE, claims)


if __name__ == "__main__":
    main()

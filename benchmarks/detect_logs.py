"""Log templates on LogHub's samples of eight systems: how exact and how fast, beside Drain3.

One configuration for all systems, online, each line judged once; and on made lines of structured
logs, which LogHub has none of. Drain3 reads the same lines, as
it comes and with masks for addresses and numbers; Drain's published figures had masks, depth and
threshold chosen for each system. Speed is per second of processor time, on a stream made of all
lines, whose numbers change from one repetition to the next.
"""

from __future__ import annotations

import time
from typing import Final

import pyarrow as pa
from rich.console import Console
from rich.table import Table

from benchmarks.loghub import corpus, drain3_peer, structured
from benchmarks.report import Claim, arguments, report
from sensorium.detect.config import DetectConfig
from sensorium.detect.logs.catalogue import Catalogue
from sensorium.detect.logs.templates import TemplateMiner
from sensorium.ingest.text_lines import TextLines

# Group accuracy, from the README of Drain in logpai/logparser.
PUBLISHED: Final = {
    "HDFS": 0.9975,
    "Hadoop": 0.9475,
    "Zookeeper": 0.9665,
    "HPC": 0.887,
    "Linux": 0.69,
    "Mac": 0.7865,
    "Apache": 1.0,
    "OpenSSH": 0.7875,
}
MASKS: Final = [
    [r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?![\w.])", "ADDRESS"],
    [r"\b0x[0-9a-fA-F]+\b", "HEX"],
    [r"(?<![A-Za-z0-9])[-+]?\d+(?![A-Za-z0-9])", "NUMBER"],
]
ORDERS: Final = 3
VARIED: Final = (0.5, 0.6, 0.65, 0.7, 0.75, 0.8)
BATCH: Final = 8192


def miner(similarity: float | None = None) -> TemplateMiner:
    """A miner with the defaults, or another similarity."""
    config = DetectConfig()
    return TemplateMiner(similarity or config.template_similarity, config.max_templates)


def batches(lines: list[str]) -> list[pa.RecordBatch]:
    """The lines as the pipeline hands them over."""
    parts = [lines[i : i + BATCH] for i in range(0, len(lines), BATCH)]
    return [
        pa.RecordBatch.from_pydict(
            {
                "app": pa.array([""] * len(part), pa.string()),
                "body": pa.array(part, pa.string()),
                "time_ns": pa.array([0] * len(part), pa.int64()),
                "template_id": pa.array([0] * len(part), pa.uint64()),
            }
        )
        for part in parts
    ]


def templates(lines: list[str], similarity: float | None = None) -> list[int]:
    """The template of each line, from a miner that knows nothing yet."""
    ours, found = miner(similarity), []
    for batch in batches(lines):
        found += ours.assign(batch).column("template_id").to_pylist()
    return found


def accuracies(found: dict[str, list[int]], samples: list[corpus.Sample]) -> dict[str, float]:
    """The group accuracy of each system."""
    return {one.name: corpus.group_accuracy(found[one.name], one.events) for one in samples}


def mean(figures: dict[str, float]) -> float:
    return sum(figures.values()) / len(figures)


def cpu_seconds(lines: list[str], *, from_strings: bool = False, repeats: int = 5) -> float:
    """The median processor time that a new miner takes to read the lines."""
    taken, made = [], batches(lines)
    for _ in range(repeats):
        began = time.process_time()
        ours = miner()
        for batch in batches(lines) if from_strings else made:
            ours.assign(batch)
        taken.append(time.process_time() - began)
    return sorted(taken)[repeats // 2]


def as_the_command_reads(sample: corpus.Sample, *, whole_lines: bool) -> float:
    """The group accuracy on the file itself, heads included."""
    catalogue, found = Catalogue(whole_lines=whole_lines), []
    for lines in TextLines().file(sample.file):
        found += [kind.template_id for kind in catalogue.take(lines)]
    return corpus.group_accuracy(found, sample.events)


def show(samples: list[corpus.Sample], columns: dict[str, dict[str, float]]) -> None:
    """All figures in one table, and what another order and another similarity would give."""
    table = Table(title="Group accuracy, 2,000 lines of each system", title_justify="left")
    table.add_column("system")
    for heading in columns:
        table.add_column(heading, justify="right")
    for one in samples:
        table.add_row(one.name, *(f"{figures[one.name]:.4f}" for figures in columns.values()))
    table.add_row("mean", *(f"{mean(figures):.4f}" for figures in columns.values()))
    console = Console(width=120)
    console.print(table)
    varied = []
    for similarity in VARIED:
        found = {one.name: templates(one.lines, similarity) for one in samples}
        varied.append(f"{similarity}: {mean(accuracies(found, samples)):.4f}")
    others = []
    for seed in range(ORDERS):
        turned = [one.in_another_order(seed) for one in samples]
        found = {one.name: templates(one.lines) for one in turned}
        others.append(f"{mean(accuracies(found, turned)):.4f}")
    console.print("mean with the lines in other orders:", ", ".join(others), highlight=False)
    console.print("mean by detect.template_similarity:", ", ".join(varied), highlight=False)


def speed(lines: list[str], plain: float, with_masks: float) -> list[Claim]:
    """Lines a second of processor time, beside the seconds that Drain3 took.

    Lines come in Arrow columns, as they do in the pipeline, and as Python's strings, which must be
    put into columns first.
    """
    n, ours = len(lines), cpu_seconds(lines)
    rate, strings = n / ours, n / cpu_seconds(lines, from_strings=True)
    return [
        Claim("lines", rate, "lines/s", goal=">= 300_000"),
        Claim("lines", rate, "lines/s", "Drain3", n / plain, ">= 20x"),
        Claim("lines", rate, "lines/s", "Drain3, masks", n / with_masks, ">= 20x"),
        Claim("strings", strings, "lines/s", "Drain3", n / plain),
    ]


def main() -> None:
    """Measure and report."""
    quick = arguments(__doc__).quick
    root = corpus.folder()
    if not root.is_dir():
        print(f"no LogHub samples at {root}: SENSORIUM_TEST_DATA names the folder above it")
        report("Log templates", [])
        return
    samples = corpus.samples(root)
    systems = {one.name: one.lines for one in samples}
    once = [line for one in samples for line in one.lines]
    lines = corpus.stream(once, 24 if quick else 64)
    ours = accuracies({name: templates(each) for name, each in systems.items()}, samples)
    made = structured.samples()
    read = systems | {one.name: one.lines for one in made}
    plain, with_masks = (drain3_peer.parse(read, lines, masks) for masks in ([], MASKS))
    of_made = accuracies({one.name: templates(one.lines) for one in made}, made)
    theirs = accuracies(with_masks.clusters, made)
    columns = {
        "ours": ours,
        "Drain (published)": PUBLISHED,
        "Drain3": accuracies(plain.clusters, samples),
        "Drain3, masks": accuracies(with_masks.clusters, samples),
        "ours, whole file": {
            one.name: as_the_command_reads(one, whole_lines=False) for one in samples
        },
    }
    show(samples, columns)
    cold = len(once) / cpu_seconds(once)
    print(f"{len(lines):,} lines; read only once, most templates new: {cold:,.0f} lines/s")
    report(
        "Log templates: group accuracy, and lines per second of processor time",
        [
            *(
                Claim(name, ours[name], "accuracy", "Drain", figure, published=True)
                for name, figure in PUBLISHED.items()
            ),
            Claim(
                "mean",
                mean(ours),
                "accuracy",
                "Drain",
                mean(PUBLISHED),
                ">= 0.90",
                published=True,
            ),
            *(
                Claim(f"made: {name}", of_made[name], "accuracy", "Drain3, masks", theirs[name])
                for name in of_made
            ),
            *speed(lines, plain.seconds, with_masks.seconds),
        ],
    )


if __name__ == "__main__":
    main()

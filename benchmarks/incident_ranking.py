"""What the ranker learns from the lab's recordings, beside the order without it. Small evidence.

The three bundled recordings are replayed with an eager gate, in search of false alarms, whole and
with a fifth of the datagrams left out at random, by seed. The truth says what each incident was: an
attack or a fault, planned work, or nothing that happened. For each recording a ranker is trained
on the others' incidents and judged on its own, so no scenario is in both. Variants of a recording
are the same scenarios again, so there are as many independent labels as scenarios: a dozen.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks.report import Claim, report
from sensorium.app.recorded import bundled_recordings
from sensorium.app.spine import Spine, build_spine
from sensorium.config import Settings
from sensorium.detect.models.ranker_model import RankerModel
from sensorium.evaluate import Subject, load_truth, score
from sensorium.incident.ranking.examples import (
    Example,
    columns_seen,
    present_order,
    read_examples,
    table_of,
)
from sensorium.incident.ranking.measures import calibration, quality
from sensorium.ingest.recording import Recording
from sensorium.model.incident import IncidentState
from sensorium.model.label import Label, Opinion
from sensorium.observe import Observe
from sensorium.pipeline.arrivals import Arrivals, recorded_arrivals

KEPT = 0.8
EAGER = {"pass_rate": 0.01, "open_decades": 4.0}


def sampled(arrivals: Iterator[Arrivals], seed: int) -> Iterator[Arrivals]:
    """The arrivals, of whose datagrams each is kept with a probability of 0.8; all with seed 0."""
    rng = np.random.default_rng(seed)
    for arrival in arrivals:
        kept = rng.random(len(arrival.datagrams)) < (KEPT if seed else 1.0)
        yield replace(arrival, datagrams=arrival.datagrams.select(kept))


def labelled(folder: Path, seed: int) -> list[Example]:
    """The incidents of one replay, labelled with the recording's truth as a person would."""
    recording = Recording.open(folder)
    with tempfile.TemporaryDirectory(prefix="sensorium-ranking-") as data:
        plain = Settings()
        settings = replace(
            plain,
            data_dir=Path(data),
            detect=replace(plain.detect, pass_rate=EAGER["pass_rate"]),
            incident=replace(plain.incident, open_decades=EAGER["open_decades"]),
        )
        spine = build_spine(settings, Observe())
        try:
            for arrival in sampled(recorded_arrivals(recording), seed):
                spine.pipeline.take(arrival)
            spine.pipeline.finish(recording.manifest.ended_ns, settings.incident.settle_s)
            label(spine, folder)
            return read_examples(spine.records).of_people()
        finally:
            spine.close()


def label(spine: Spine, folder: Path) -> None:
    """Say of each incident what the truth says: a scenario that was planned, one that was not, or
    nothing that happened."""
    truth, records = load_truth(folder), spine.records
    incidents = [
        incident
        for incident in records.incidents.list(limit=None)
        if incident.state is not IncidentState.MERGED
    ]
    anomalies = [a for i in incidents for a in records.anomalies.of_incident(i.id)]
    found = score(truth, [Subject(incident) for incident in incidents], anomalies)
    said = {
        subject.incident.id: Opinion.PLANNED if one.scenario.planned else Opinion.CONFIRMED
        for one in found.scenarios
        for subject in one.incidents
    }
    for incident in incidents:
        opinion = said.get(incident.id, Opinion.FALSE_ALARM)
        records.labels.add(Label(incident.id, opinion, "truth", "", incident.end_ns))


def judged(name: str, found: dict[str, list[Example]]) -> list[Claim]:
    """How a ranker of the other recordings' incidents orders those of one."""
    earlier = [e for other, rows in found.items() if other != name for e in rows]
    columns = columns_seen(earlier)
    model = RankerModel.fit(columns, *table_of(earlier, columns))
    vectors, confirmed, _ = table_of(found[name], columns)
    probabilities = model.score(vectors)
    learned, plain = (
        quality(confirmed, probabilities),
        quality(confirmed, present_order(found[name])),
    )
    error = calibration(confirmed, probabilities)
    claims = [
        Claim(
            f"{name}: Brier error",
            error.brier,
            "",
            "always the rate",
            error.brier_of_rate,
            lower_is_better=True,
        )
    ]
    if learned is not None and plain is not None:
        within = f"95 % within {learned.low:.2f} to {learned.high:.2f}"
        claims += [
            Claim(f"{name}: AUC", learned.auc, within, "worst first", plain.auc),
            Claim(f"{name}: precision", learned.precision, "", "worst first", plain.precision),
        ]
    return claims


def main() -> None:
    """Replay, train, judge, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one replay of each, some minutes")
    variants = 1 if parser.parse_args().quick else 3
    console = Console(width=100, highlight=False)
    found: dict[str, list[Example]] = {}
    for folder in bundled_recordings():
        found[folder.name] = [e for seed in range(variants) for e in labelled(folder, seed)]
        count = Counter(example.opinion for example in found[folder.name])
        said = ", ".join(f"{count[opinion]} {opinion}" for opinion in Opinion)
        console.print(f"{folder.name}: {said}, in {variants} replays")
    report(
        "Ranking the incidents of the lab's recordings",
        [c for n in found for c in judged(n, found)],
    )


if __name__ == "__main__":
    main()

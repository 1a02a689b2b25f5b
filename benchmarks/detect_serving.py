"""Scoring over HTTP: rows a second and time to answer, beside a model behind a plain FastAPI.

Over one kept connection on loopback, one request after the other: first the same Isolation Forest
(100 trees, eight features) on both sides, with equal scores; then what the built-in scorer of
series takes. Ours is the whole of ``sensorium run``. The peer is what people write themselves:
scikit-learn's ``score_samples`` in a FastAPI route with a pydantic body, on the same web server.
"""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import pyarrow as pa

from benchmarks.report import Claim, arguments, report
from benchmarks.serving.asking import Server, latencies, ours, plain
from benchmarks.serving.plain import fitted
from sensorium.detect.arrays import F64
from sensorium.detect.forest import FlatForest
from sensorium.detect.models import ModelCard, ModelKind, ModelRegistry
from sensorium.detect.models.forest_model import ForestModel, isolation
from sensorium.detect.models.usual import Usual
from sensorium.observe import Observe
from tests.ports import free_port

COLUMNS: Final = 8
SMALL: Final = 16
LARGE: Final = 10_000
NAME: Final = "benchmark.forest"
FEATURES: Final = tuple(f"feature_{n}" for n in range(COLUMNS))
JSON: Final = "application/json"
ARROW: Final = "application/vnd.apache.arrow.stream"


def registered(folder: Path) -> ForestModel:
    """The peer's forest as a model of a registry, active."""
    forest = FlatForest.of(fitted(COLUMNS))
    rows = np.random.default_rng(0).normal(size=(10_000, COLUMNS))
    model = ForestModel(FEATURES, forest, np.median(rows, axis=0), Usual(isolation(forest, rows)))
    registry = ModelRegistry(folder, time.time_ns, Observe())
    now = time.time_ns()
    kind = ModelKind.ISOLATION_FOREST
    card = ModelCard(
        name=NAME, kind=kind, features=FEATURES, since_ns=0, until_ns=now, rows=len(rows)
    )
    registry.promote(NAME, registry.add(card, model.files()).version)
    return model


def as_json(rows: F64, **more: object) -> bytes:
    """Our request."""
    columns = dict(zip(FEATURES, rows.T.tolist(), strict=False))
    return json.dumps({"columns": columns, **more}).encode()


def as_arrow(rows: F64) -> bytes:
    """Our request, as an Arrow stream."""
    table = pa.table(dict(zip(FEATURES, rows.T, strict=False)))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


class Timed:
    """Of small requests the median and the 99th percentile in ms, and of large ones rows a second.

    ``per_core``: rows a second of the server's processor time, which says the same on a machine
    that has other things to do.
    """

    def __init__(
        self, server: Server, query: str, small: bytes, large: bytes, kind: str, times: int
    ) -> None:
        url = server.url + query
        taken = np.array(latencies(url, small, kind, times)) * 1e3
        self.median, self.p99 = float(np.median(taken)), float(np.quantile(taken, 0.99))
        count = max(10, times // 20)
        latencies(url, large, kind, 1)
        before = server.cpu_s()
        many = latencies(url, large, kind, count, unmeasured=0)
        self.per_core = count * LARGE / max(server.cpu_s() - before, 1e-9)
        self.rows = LARGE / float(np.median(many))


def measure(times: int) -> list[Claim]:
    """Serve both, ask both."""
    rng = np.random.default_rng(1)
    small, large = rng.normal(size=(SMALL, COLUMNS)), rng.normal(size=(LARGE, COLUMNS))
    with plain(COLUMNS, free_port()) as server:
        few, many = (json.dumps({"rows": rows.tolist()}).encode() for rows in (small, large))
        peer = Timed(server, "", few, many, JSON, times)
    with TemporaryDirectory() as place:
        model = registered(Path(place) / "data" / "models")
        scores = -fitted(COLUMNS).score_samples(small)
        if not np.array_equal(model.score(small), np.maximum(scores - 0.4, 0.0) * 20.0):
            raise RuntimeError("the two forests do not give the same scores")
        with ours(Path(place), free_port()) as server:
            asked = partial(as_json, model=NAME, contributions=0)
            forest = Timed(server, "", asked(small), asked(large), JSON, times)
            said = f"?model={NAME}&contributions="
            arrow = Timed(server, f"{said}0", as_arrow(small), as_arrow(large), ARROW, times)
            told = Timed(server, f"{said}3", as_arrow(small), as_arrow(large), ARROW, times)
            alone = Timed(server, "", as_json(small[:, :1]), as_json(large[:, :1]), JSON, times)
            both = Timed(server, "", as_arrow(small), as_arrow(large), ARROW, times)
    series = {"JSON, one column": alone, f"Arrow, {COLUMNS} columns": both}
    return claims(peer, {"JSON": forest, "Arrow": arrow}, told, series)


def claims(
    peer: Timed, forests: dict[str, Timed], told: Timed, series: dict[str, Timed]
) -> list[Claim]:
    """The figures, those of the forest beside the peer's."""
    beside = partial(Claim, peer="scikit-learn, plain FastAPI")
    found = []
    for form, ran in forests.items():
        ms = partial(beside, unit="ms", lower_is_better=True)
        found += [
            ms(f"forest, {SMALL} rows, {form}: median", ran.median, peer_value=peer.median),
            ms(f"forest, {SMALL} rows, {form}: p99", ran.p99, peer_value=peer.p99),
            beside(f"forest, {LARGE:,} rows, {form}", ran.rows, "rows/s", peer_value=peer.rows),
            beside(
                f"forest, {LARGE:,} rows, {form}: per core",
                ran.per_core,
                "rows/s",
                peer_value=peer.per_core,
                goal=">= 3x",
            ),
        ]
    found.append(Claim(f"the same, {LARGE:,} rows, Arrow, with reasons", told.rows, "rows/s"))
    for column, ran in series.items():
        found += [
            Claim(f"series, {SMALL} rows, {column}: median", ran.median, "ms"),
            Claim(f"series, {SMALL} rows, {column}: p99", ran.p99, "ms"),
            Claim(f"series, {LARGE:,} rows, {column}", ran.rows, "rows/s"),
            Claim(f"series, {LARGE:,} rows, {column}: per core", ran.per_core, "rows/s"),
        ]
    return found


def main() -> None:
    """Measure and report."""
    report("scoring over HTTP", measure(100 if arguments(__doc__).quick else 1_000))


if __name__ == "__main__":
    main()

"""Scoring over HTTP: what is answered, in which form, and that it is what the command says."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner

from sensorium.cli import main
from sensorium.console.detect_openapi import SCORE_EXAMPLES
from tests.console.conftest import Bench
from tests.console.detecting import ARROW, PATH, Scoring, scoring, stream, table


@pytest.fixture(scope="module")
def served() -> Scoring:
    return scoring(requests_per_minute=0)


def spike(rows: int = 400, at: int = 300) -> np.ndarray[Any, np.dtype[np.float64]]:
    values = np.resize([3.0, 4.0, 5.0, 4.5], rows)
    values[at] = 40.0
    return values


def test_a_row_unlike_all_before_gets_an_alarm_that_says_why(served: Scoring) -> None:
    answer = served.client.post(PATH, json={"columns": {"load": spike().tolist()}}).json()
    assert (answer["model"], answer["rows"], answer["history_rows"]) == ("series", 400, 60)
    assert np.argmax(answer["score"]) == 300
    assert answer["score"][:60] == [0.0] * 60
    assert answer["tail_probability"][:60] == [1.0] * 60
    assert answer["tail_probability"][300] == min(answer["tail_probability"]) <= 0.001
    assert answer["passed"] == sum(p <= answer["pass_rate"] for p in answer["tail_probability"])
    (alarm,) = answer["columns"]["load"]["alarms"]
    assert (alarm["row"], alarm["time"], alarm["reason"]) == (300, None, "new_value")
    assert alarm["sentence"] == "load is 40, higher than ever: at most 5 before"


def test_a_missing_value_is_null_and_so_is_its_score(served: Scoring) -> None:
    values: list[float | None] = [*spike()]
    values[350] = None
    answer = served.client.post(PATH, json={"columns": {"load": values}}).json()
    assert answer["score"][350] is None
    assert answer["tail_probability"][350] is None
    assert answer["columns"]["load"]["missing"] == 1


def test_times_are_told_as_they_were_given(served: Scoring) -> None:
    asked = {
        "times": [f"2026-01-05T{n // 60:02}:{n % 60:02}:00+01:00" for n in range(400)],
        "columns": {"load": spike().tolist()},
    }
    answer = served.client.post(PATH, json=asked).json()
    assert answer["alarms"][0]["time"] == "2026-01-05T04:00:00Z"
    asked["times"] = [1_767_567_600 + 60 * n for n in range(400)]
    again = served.client.post(PATH, json=asked).json()
    assert again == answer


def test_both_forms_say_the_same_in_either_form(served: Scoring) -> None:
    columns = {"load": spike(), "wait": np.resize([0.0, 1.0, 3.0], 400)}
    asked = {"columns": {name: values.tolist() for name, values in columns.items()}}
    plain = served.client.post(PATH, json=asked).json()
    answers = [
        served.client.post(PATH, json=asked, headers={"accept": ARROW}),
        served.arrow(stream(columns)),
        served.arrow(stream(columns, compression="zstd")),
    ]
    for answer in answers:
        assert answer.headers["content-type"] == ARROW
        rows = table(answer.content)
        about = json.loads(rows.schema.metadata[b"sensorium"])
        assert about["alarms"] == plain["alarms"]
        assert rows["score"].to_pylist() == plain["score"]
        for name, column in plain["columns"].items():
            assert rows[f"score.{name}"].to_pylist() == column["score"]
            assert rows[f"tail_probability.{name}"].to_pylist() == column["tail_probability"]
            assert about["columns"][name]["alarms"] == column["alarms"]
    headers = {"content-type": ARROW, "accept": "text/html, application/json;q=0.5"}
    assert served.client.post(PATH, content=stream(columns), headers=headers).json() == plain


def test_a_body_may_be_compressed(served: Scoring) -> None:
    asked = json.dumps({"columns": {"load": spike().tolist()}}).encode()
    plain = served.client.post(PATH, json=json.loads(asked)).json()
    headers = {"content-type": "application/json"}
    for encoding, body in (
        ("gzip", gzip.compress(asked)),
        ("zstd", bytes(pa.compress(asked, "zstd", asbytes=True))),
    ):
        sent = {**headers, "content-encoding": encoding}
        assert served.client.post(PATH, content=body, headers=sent).json() == plain


def test_the_parameters_of_an_arrow_body_stand_in_the_url(served: Scoring) -> None:
    seconds = np.arange(400) + 1_767_567_600
    body = stream({"at": seconds, "load": spike()})
    answer = table(served.arrow(body, time="at", warmup="350", model="series").content)
    about = json.loads(answer.schema.metadata[b"sensorium"])
    assert list(about["columns"]) == ["load"]
    assert about["history_rows"] == 350
    stamped = pa.table({"at": pa.array(seconds, pa.timestamp("s")), "load": spike()})
    again = table(served.arrow(stream(stamped), warmup="350").content)
    assert again.equals(answer)


def as_command(folder: Path, file: Path) -> dict[str, list[float | None]]:
    """What ``sensorium detect --scores`` writes of a file, by column."""
    out = folder / "scores.csv"
    done = CliRunner().invoke(main, ["detect", str(file), "--scores", str(out)])
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    return {
        name: [None if row[name] == "" else float(row[name]) for row in rows]
        for name in rows[0]
        if name.startswith(("score", "tail_probability"))
    }


def test_the_scores_of_a_public_series_are_those_of_the_command(
    served: Scoring, real_data: Path, tmp_path: Path
) -> None:
    file = real_data / "nab/data/realKnownCause/ambient_temperature_system_failure.csv"
    rows = list(csv.DictReader(file.open(encoding="utf-8")))
    asked = {
        "times": [row["timestamp"] for row in rows],
        "columns": {"value": [float(row["value"]) for row in rows]},
    }
    answer = served.client.post(PATH, json=asked).json()
    written = as_command(tmp_path, file)
    assert answer["score"] == pytest.approx(written["score"], rel=1e-12)
    assert answer["tail_probability"] == pytest.approx(written["tail_probability"], rel=1e-12)
    assert max(answer["score"]) >= 1


def test_the_scores_of_a_public_machine_are_those_of_the_command(
    served: Scoring, real_data: Path, tmp_path: Path
) -> None:
    rows = np.load(real_data / "smd/machine-1-6.npz", allow_pickle=False)["test"][:600]
    columns = {f"metric {n}": rows[:, n].astype(np.float64) for n in range(rows.shape[1])}
    file = tmp_path / "machine.csv"
    pa.csv.write_csv(pa.table(columns), str(file))
    answer = table(served.arrow(stream(columns)).content)
    written = as_command(tmp_path, file)
    assert set(written) == set(answer.column_names)
    for name, values in written.items():
        assert answer[name].to_pylist() == pytest.approx(values, rel=1e-12)


def test_of_very_many_alarms_the_strongest_are_told_one_by_one(served: Scoring) -> None:
    values = np.random.default_rng(5).normal(size=(1500, 2))
    values[:20] *= 1e-3
    asked = {"columns": {"a": values[:, 0].tolist(), "b": values[:, 1].tolist()}, "warmup": 20}
    answer = served.client.post(PATH, json=asked).json()
    scores = np.array(answer["score"])
    told = [alarm["row"] for alarm in answer["alarms"]]
    assert len(told) == 1000
    assert told == sorted(told)
    assert answer["alarms_left_out"] == (scores >= 1).sum() - 1000 > 0
    assert scores[told].min() >= np.delete(scores, told).max()


def test_models_are_listed_and_shown(served: Scoring) -> None:
    (series,) = served.client.get("/api/v1/detect/models").json()["models"]
    assert (series["name"], series["state"]) == ("series", "built in")
    shown = served.client.get("/api/v1/detect/models/series").json()
    assert shown == {"name": "series", "versions": [series]}
    missing = served.client.get("/api/v1/detect/models/serie")
    assert missing.status_code == 404
    assert "did you mean series?" in missing.json()["detail"]


def test_the_service_scores_for_its_own_callers_and_not_for_foreign_pages(bench: Bench) -> None:
    asked = {"columns": {"load": [1, 2, 3]}}
    assert bench.client.post(PATH, json=asked).status_code == 200
    foreign = bench.client.post(PATH, json=asked, headers={"origin": "https://elsewhere.example"})
    assert foreign.status_code == 403
    assert PATH in bench.client.get("/api/openapi.json").json()["paths"]


def test_rows_passes_and_time_are_counted() -> None:
    served = scoring()
    served.client.post(PATH, json={"columns": {"load": spike().tolist()}})
    value = served.observe.value
    model = {"model": "series"}
    assert value("sensorium_detect_serving_rows_total", model) == 340
    assert value("sensorium_detect_serving_passed_rows_total", model) == 1
    form = {**model, "format": "application/json"}
    assert value("sensorium_detect_serving_request_seconds_count", form) == 1
    assert value("sensorium_detect_serving_cpu_seconds_total", model) > 0
    assert value("sensorium_detect_serving_requests") == 0
    assert value("sensorium_detect_serving_held_bytes") == 0


@pytest.mark.parametrize("name", SCORE_EXAMPLES)
def test_the_examples_of_the_openapi_document_run_and_match_its_schemas(
    served: Scoring, name: str
) -> None:
    document = served.client.get("/api/openapi.json").json()
    operation = document["paths"][PATH]["post"]
    content = operation["requestBody"]["content"]["application/json"]
    example = content["examples"][name]["value"]
    jsonschema.validate(example, content["schema"])
    answer = served.client.post(PATH, json=example)
    assert answer.status_code == 200, answer.text
    said = operation["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.validate(answer.json(), said)

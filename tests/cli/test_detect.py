"""``sensorium detect``: alarms in a file of one's own, with scores and pictures beside them."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from sensorium.cli import main
from sensorium.cli.detect_view import odds, sparkline
from sensorium.ingest.recording import RecordingWriter
from sensorium.model.address import pack_address


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["detect", *map(str, arguments)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """1,000 rows of two series, five minutes apart; the first has a spike at row 800."""
    rng = np.random.default_rng(4)
    cpu, load = rng.uniform(10, 20, 1000), rng.uniform(0, 1, 1000)
    cpu[800] = 75
    load[3] = np.nan
    rows = [
        f"{1_767_225_600 + 300 * n},{cpu[n]:.3f},{'' if np.isnan(load[n]) else f'{load[n]:.3f}'}"
        for n in range(1000)
    ]
    path = tmp_path / "host.csv"
    path.write_text("\n".join(["ts,cpu,load", *rows]) + "\n", encoding="utf-8")
    return path


def test_the_alarms_are_told_with_time_score_and_reason(file: Path) -> None:
    result = run(file)
    assert result.exit_code == 0, result.output
    assert "1,000 rows from 2026-01-01 00:00:00 to 2026-01-04 11:15:00, one every 5 min" in (
        result.stdout
    )
    assert "cpu: 1 odd time (10" in result.stdout
    assert "2026-01-03 18:40:00  score" in result.stdout
    assert "cpu is 75, higher than ever: at most " in result.stdout
    assert "load: nothing odd (" in result.stdout
    assert "1 missing" in result.stdout


def test_every_row_has_a_score_and_a_tail_probability(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.csv"
    assert run(file, "--scores", out).exit_code == 0
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert len(rows) == 1000
    assert list(rows[0]) == [
        *("ts", "cpu", "load", "score", "tail_probability", "score.cpu"),
        *("tail_probability.cpu", "score.load", "tail_probability.load"),
    ]
    scores = [float(row["score"]) for row in rows]
    assert max(range(1000), key=scores.__getitem__) == 800
    assert scores[:150] == [0] * 150
    assert rows[3]["score.load"] == ""
    tails = [float(row["tail_probability"]) for row in rows]
    assert min(tails) == tails[800] < 1e-3
    assert min(float(row["tail_probability.cpu"]) for row in rows) == pytest.approx(
        float(rows[800]["tail_probability.cpu"])
    )


def test_an_oddity_of_several_rows_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "rising.csv"
    values = np.resize([1.0, 2.0, 3.0], 600)
    values[400:405] = [3.1, 4, 8, 40, 1600]
    path.write_text("v\n" + "\n".join(map(str, values)) + "\n", encoding="utf-8")
    result = run(path)
    assert "v: 1 odd time, 5 alarms" in result.stdout
    assert "row 400 to row 404, 5 alarms  score" in result.stdout


def test_one_column_may_be_chosen_and_has_plain_headings(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.csv"
    assert run(file, "--column", "cpu", "--scores", out, "--warmup", 500).exit_code == 0
    header = out.read_text(encoding="utf-8").split("\n", 1)[0]
    assert header.replace('"', "") == "ts,cpu,score,tail_probability"


def test_the_result_as_json_has_every_alarm(file: Path) -> None:
    said = json.loads(run(file, "--json").stdout)
    assert (said["rows"], said["time_column"], said["history_rows"]) == (1000, "ts", 150)
    (alarm,) = said["columns"][0]["alarms"]
    assert (alarm["row"], alarm["time"]) == (800, "2026-01-03 18:40:00")
    assert alarm["reason"] == "new_value"
    assert [alarm["row"] for alarm in said["together"]] == [800, 801, 802, 803]
    assert said["together"][0]["sentence"].endswith("most of all of cpu (99%)")
    assert said["columns"][1] == {"name": "load", "missing": 1, "counter": False, "alarms": []}


def test_a_picture_as_svg_needs_no_library(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.svg"
    assert run(file, "--plot", out).exit_code == 0
    tree = ET.parse(out)
    names = [text.text for text in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert {"cpu", "load", "75"} <= set(names)
    tips = [title.text or "" for title in tree.iter("{http://www.w3.org/2000/svg}title")]
    assert any("cpu is 75, higher than ever" in tip for tip in tips)


def test_a_picture_as_png_is_drawn_where_matplotlib_is_there(file: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "a.png"
    assert run(file, "--plot", out).exit_code == 0
    assert out.read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_a_picture_as_png_says_how_to_get_it(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    result = run(file, "--plot", tmp_path / "a.png")
    assert result.exit_code == 2
    assert "pip install 'sensorium[plot]'" in result.stderr


def test_rows_without_times_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    values = np.resize([1.0, 2.0, 3.0], 400)
    values[300] = 30
    path.write_text("v\n" + "\n".join(map(str, values)) + "\n", encoding="utf-8")
    result = run(path)
    assert "no time column" in result.stdout
    assert "row 300  score" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--warmup", "1000"], "none is left to judge"),
        (["--plot", "a.pdf"], "ends in .svg or .png"),
        (["--column", "memory"], "no column 'memory'"),
        (["--scores", "absent/a.csv"], "cannot write absent/a.csv"),
    ],
)
def test_wrong_requests_are_refused_with_status_2(
    arguments: list[str], said: str, file: Path
) -> None:
    result = run(file, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_sparkline_shows_a_spike_of_one_row_and_where_it_is() -> None:
    values = np.full(1000, 5.0)
    values[500] = 50.0
    values[900:] = np.nan
    line, marks = sparkline(values, [500], 50)
    assert line.index("█") == marks.index("^") == 25
    assert line.endswith("     ")
    assert sparkline(np.array([1.0]), [], 50) == ("▁", " ")


@pytest.mark.parametrize(
    ("probability", "said"),
    [(1.0, "1 in 1"), (0.02, "1 in 50"), (1 / 1234, "1 in 1,200"), (1e-12, "< 1 in 10^9")],
)
def test_probabilities_are_said_as_odds(probability: float, said: str) -> None:
    assert odds(probability) == said


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quarter of an hour of a host's lines and metrics, without queue lengths at its end."""
    folder = tmp_path_factory.mktemp("recordings") / "brook"
    start, host = 1_700_000_010 * 10**9 // (30 * 10**9) * 30 * 10**9, pack_address("10.0.0.9")
    clock = iter([start, start + 900 * 10**9])
    with RecordingWriter(folder, "brook", clock_ns=lambda: next(clock)) as writer:
        for second in range(0, 900, 15):
            now = start + second * 10**9
            writer.datagram(now, host, 514, 5514, f"<13>app: request {second} served".encode())
            queue = "" if second > 700 else f"queue_length {second % 7}\n"
            body = f"# TYPE load gauge\nload {second % 11}\n{queue}".encode()
            writer.scrape(now, "node", "10.0.0.9:9100", status=200, duration_ns=17, body=body)
    return folder


def test_a_recording_goes_through_all_detectors(recording: Path, tmp_path: Path) -> None:
    out, plot = tmp_path / "scores.csv", tmp_path / "out.svg"
    result = run(recording, "--scores", out, "--plot", plot)
    assert result.exit_code == 0, result.output
    assert "records from 2023-11-14 22:13:30 to 2023-11-14 22:28:30; 30 windows" in result.stdout
    assert "logs: nothing odd" in result.stdout
    assert 'queue_length{instance="10.0.0.9:9100"} has been silent for 90 s' in result.stdout
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert {"logs.template", "metrics.series", "metrics.silence.metric"} <= {
        row["detector"] for row in rows
    }
    passed = [row for row in rows if row["passed"] == "1"]
    assert {row["entity"] for row in passed} == {'queue_length{instance="10.0.0.9:9100"}'}
    assert all(float(row["tail_probability"]) <= 0.001 for row in passed)
    assert ET.parse(plot).getroot().tag.endswith("svg")


def test_a_recording_s_anomalies_are_told_as_json(recording: Path) -> None:
    told = json.loads(run(recording, "--json").stdout)
    assert told["passed"] == len(told["anomalies"]) > 0
    assert {one["hosts"][0] for one in told["anomalies"]} == {"10.0.0.9"}


def test_what_is_for_tables_is_refused_with_a_recording(recording: Path) -> None:
    result = run(recording, "--warmup", "5")
    assert result.exit_code != 0
    assert "--warmup, --time and --column are for tables" in result.output

"""The scoring of log templates, and what the miner reaches where the samples are at hand."""

from __future__ import annotations

import pytest

from benchmarks import detect_logs
from benchmarks.loghub import corpus, structured


@pytest.mark.parametrize(
    ("found", "true", "accuracy"),
    [
        ([1, 1, 2], ["a", "a", "b"], 1.0),
        ([1, 2, 2], ["a", "a", "b"], 0.0),
        ([1, 1, 2, 3], ["a", "a", "b", "b"], 0.5),
        ([1, 1, 1, 2], ["a", "a", "b", "c"], 0.25),
    ],
)
def test_a_line_is_right_when_its_group_is_exactly_the_true_one(
    found: list[int], true: list[str], accuracy: float
) -> None:
    assert corpus.group_accuracy(found, true) == accuracy


def test_the_stream_has_every_line_as_often_and_changes_digits_alone() -> None:
    lines = ["a 1 b 22", "none"]
    found = corpus.stream(lines, 5)
    assert len(found) == 10
    assert found.count("none") == 5
    for line in found:
        assert line == "none" or (line[2].isdigit() and line[6] == line[7] and len(line) == 8)
    assert len(set(found)) > 3


def test_without_the_samples_the_benchmark_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    monkeypatch.setenv("SENSORIUM_TEST_DATA", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["detect_logs", "--quick"])
    detect_logs.main()
    out = capsys.readouterr().out
    assert "no LogHub samples at" in out
    assert out.strip().endswith('{"claims": []}')


@pytest.mark.skipif(not corpus.folder().is_dir(), reason="LogHub's samples are not at hand")
def test_templates_of_the_samples_are_as_exact_as_claimed_and_survive_a_restart() -> None:
    samples = corpus.samples(corpus.folder())
    found = {one.name: detect_logs.templates(one.lines) for one in samples}
    figures = detect_logs.accuracies(found, samples)
    assert detect_logs.mean(figures) >= 0.955
    assert all(figures[name] >= published for name, published in detect_logs.PUBLISHED.items())
    for one in samples:
        miner, again = detect_logs.miner(), detect_logs.miner()
        for batch in detect_logs.batches(one.lines):
            miner.assign(batch)
        again.take_over(miner.changed())
        (batch,) = detect_logs.batches(one.lines)
        assert again.assign(batch).column("template_id").to_pylist() == found[one.name]


def test_templates_of_structured_logs_are_exact() -> None:
    made = structured.samples()
    found = {one.name: detect_logs.templates(one.lines) for one in made}
    assert detect_logs.accuracies(found, made) == dict.fromkeys(structured.FORMS, 1.0)

"""Templates are found online and keep their ids."""

from __future__ import annotations

import pyarrow as pa

from sensorium.detect.logs.templates import TemplateMiner
from sensorium.detect.testing import log_batch


def _batch(*bodies: str, app: str = "sshd") -> pa.RecordBatch:
    return log_batch([(float(i), "10.0.0.1", 9, app, body) for i, body in enumerate(bodies)])


def _ids(miner: TemplateMiner, *bodies: str, app: str = "sshd") -> list[int]:
    return miner.assign(_batch(*bodies, app=app)).column("template_id").to_pylist()


LINES = (
    "Failed password for root from 10.0.0.7 port 1 ssh2",
    "Failed password for bob from 10.0.0.8 port 2 ssh2",
    "Accepted publickey for bob from 10.0.0.8 port 3 ssh2",
    "Connection closed by 10.0.0.8 port 2",
    "Failed password for eve from 10.0.0.9 port 5 ssh2",
)


def test_lines_that_differ_in_variables_share_a_template() -> None:
    miner = TemplateMiner(0.5, 100)
    ids = _ids(miner, *LINES)
    assert ids[0] == ids[1] == ids[4]
    assert len(set(ids)) == 3
    found = miner.template(ids[0])
    assert found is not None
    assert found.text == "Failed password for <*> from <*> port <*> <*>"
    assert found.told.startswith("sshd: ")


def test_ids_stay_when_a_template_grows_more_general_and_the_change_is_told() -> None:
    miner = TemplateMiner(0.5, 100)
    first = _ids(miner, LINES[0])[0]
    assert [t.text for t in miner.changed()] == ["Failed password for root from <*> port <*> <*>"]
    assert _ids(miner, LINES[1])[0] == first
    assert [(t.template_id, t.text) for t in miner.changed()] == [
        (first, "Failed password for <*> from <*> port <*> <*>")
    ]
    _ids(miner, *LINES[:2])
    assert miner.changed() == []


def test_how_lines_are_divided_into_batches_does_not_matter() -> None:
    whole = _ids(TemplateMiner(0.5, 100), *LINES)
    miner = TemplateMiner(0.5, 100)
    assert [_ids(miner, line)[0] for line in LINES] == whole


def test_applications_do_not_share_templates() -> None:
    miner = TemplateMiner(0.5, 100)
    assert _ids(miner, "started", app="a") != _ids(miner, "started", app="b")


def test_ids_survive_a_restart() -> None:
    miner = TemplateMiner(0.5, 100)
    ids = _ids(miner, *LINES)
    again = TemplateMiner(0.5, 100)
    again.restore(miner.changed())
    assert _ids(again, *reversed(LINES)) == list(reversed(ids))
    assert again.changed() == []


def test_only_unseen_shapes_take_the_slow_path() -> None:
    miner = TemplateMiner(0.5, 100)
    for turn in range(50):
        _ids(miner, *(f"request {turn}{i} took 0.{i} s" for i in range(20)))
    assert miner.slow_lines == 1


def test_beyond_the_capacity_an_application_has_one_template_for_the_rest() -> None:
    miner = TemplateMiner(0.5, 5)
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota"]
    ids = _ids(miner, *words)
    assert len(set(ids)) == 6
    assert ids[5] == ids[8] != ids[4]
    assert all(ids)


def test_lines_that_differ_in_a_telling_word_do_not_share_a_template() -> None:
    miner = TemplateMiner(0.5, 100)
    for one, other in (
        ("session opened for user bob", "session closed for user bob"),
        ("link ge0 is now up at last", "link ge0 is now down at last"),
        ('10.0.0.1 "GET /a HTTP/1.1" 200 5 0.1', '10.0.0.1 "GET /a HTTP/1.1" 500 5 0.1'),
        ("worker: INFO all is well today", "worker: ERROR all is well today"),
    ):
        ids = _ids(miner, one, other)
        assert ids[0] != ids[1], one

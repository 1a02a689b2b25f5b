"""Templates are found online and keep their ids."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.detect.logs.templates import Template, TemplateMiner
from sensorium.detect.logs.tree import MANY_ALIKE, MANY_IN_PLACE, MOST_WORDS, words_of
from sensorium.detect.testing import log_batch
from tests.detect.logs.plain import PlainMiner


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
    assert found.text == "Failed password for <*> from <*> port <*>"
    assert found.told.startswith("sshd: ")


def test_ids_stay_when_a_template_grows_more_general_and_the_change_is_told() -> None:
    miner = TemplateMiner(0.5, 100)
    first = _ids(miner, LINES[0])[0]
    assert [t.text for t in miner.changed()] == ["Failed password for root from <*> port <*>"]
    assert _ids(miner, LINES[1])[0] == first
    assert [(t.template_id, t.text) for t in miner.changed()] == [
        (first, "Failed password for <*> from <*> port <*>")
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
    again.take_over(miner.changed())
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


def test_lines_that_differ_in_the_programs_own_words_do_not_share_a_template() -> None:
    miner = TemplateMiner(0.5, 100)
    for one, other in (
        ('10.0.0.1 "GET /a HTTP/1.1" 200 5 0.1', '10.0.0.1 "POST /a HTTP/1.1" 200 5 0.1'),
        ("block b1 kept as bytes in memory", "block b1 kept as values in memory"),
        ("machine 7 suspended (lifecycle event)", "machine 7 resumed (lifecycle event)"),
        ("took 0.7 s to draw the tree", "took 0.7 s to trim the tree"),
        ("reading=7 of a large box", "writing=7 of a large box"),
        ("login= tty=a host=b size=7", "login= tty=a host= size=7"),
    ):
        ids = _ids(miner, one, other)
        assert ids[0] != ids[1], one


def test_lines_that_differ_in_values_share_one() -> None:
    miner = TemplateMiner(0.7, 100)
    for one, other in (
        ("bad password for alice via tty 7", "bad password for bob via tty 9"),
        ("no such user carol at this door", "no such user dave at this door"),
        ("the state is now: idle at last", "the state is now: busy at last"),
        ("key=red is kept in the box", "key=blue is kept in the box"),
        ("service fooBar has its port again", "service baz_qux has its port again"),
        ("seen on Mon in the hall upstairs", "seen on Tue in the hall upstairs"),
        ("opened 'north' with the large key", "opened 'south' with the large key"),
        ("copied 7 bytes (1.2 KB) within 3 ms again", "copied 8 kB within <1 sec again"),
    ):
        ids = _ids(miner, one, other)
        assert ids[0] == ids[1], one


@pytest.mark.parametrize(
    "form",
    [
        '{{"level":"info","ts":{n},"msg":"{said}","user":"{who}","took":{n}}}',
        '{{"level": "info", "ts": {n}, "msg": "{said}", "user": "{who}", "took": {n}}}',
        'ts={n} level=info caller=a.go:{n} msg="{said}" user={who} dur={n}ms',
    ],
)
def test_of_structured_logs_what_is_said_tells_templates_apart_and_values_do_not(form: str) -> None:
    miner = TemplateMiner(0.7, 1000)
    said = ("read the page", "sent the page", "read the book")
    lines = [
        form.format(n=n, said=text, who=who)
        for n, who in enumerate(("alice", "bob", "carol"), 1)
        for text in said
    ]
    ids = _ids(miner, *lines)
    assert ids[:3] == ids[3:6] == ids[6:]
    assert len(set(ids)) == len(said)


def test_a_place_in_which_many_templates_differ_is_a_value_after_all() -> None:
    miner = TemplateMiner(0.7, 1000)
    words = [chr(ord("a") + i // 20) + chr(ord("a") + i % 20) * 3 for i in range(100)]
    ids = _ids(miner, *(f"worker {word} ends the nightly run" for word in words))
    assert len(set(ids)) == MANY_IN_PLACE
    shown = miner.template(ids[-1])
    assert shown is not None
    assert (ids[-1], shown.text) == (ids[0], "worker <*> ends the nightly run")
    pairs = zip(words, reversed(words), strict=True)
    ids = _ids(miner, *(f"sender {one} hands all of it over to {two} now" for one, two in pairs))
    assert len(set(ids)) == MANY_ALIKE


def test_numbers_at_the_same_places_do_not_make_lines_alike() -> None:
    miner = TemplateMiner(0.7, 100)
    ids = _ids(miner, "disconnect 1 : 2 : 3 : bye", "disconnect 1 : 2 : 3 : later")
    assert ids[0] != ids[1]


def test_a_list_is_one_variable_however_long_it_is() -> None:
    miner = TemplateMiner(0.7, 100)
    ids = _ids(miner, "ask to delete b1", "ask to delete b1 b2", "ask to delete b4 b5 b6 b7")
    assert len(set(ids)) == 1


def test_a_line_that_two_templates_cover_takes_the_one_with_more_of_its_words() -> None:
    miner = TemplateMiner(0.6, 100)
    texts = ("the quick <*> fox <*>", "the quick red fox <*>", "the <*> red fox leaps")
    miner.take_over([Template(i, "sshd", text, 10 - i) for i, text in enumerate(texts, 1)])
    assert _ids(miner, "the quick red fox jumps", "the quick tan fox leaps") == [2, 1]
    assert _ids(miner, "the quick red fox leaps") == [3], "the older of equals"


word = st.sampled_from(
    ["link", "is", "up", "down", "ge0", "10.0.0.1", "user=bob", "user=7", "a:b", "\0", "\u2003",
     "\u00e9t\u00e9", "\u00bd", "/var/log", "(x)", "<*>", "blk_7", "Error", "error:", '" 503']
)  # fmt: skip
text = st.lists(word, max_size=6).map(" ".join) | st.text(max_size=12)
apps = st.sampled_from(["", "sshd", "kernel: x"])


@given(st.lists(st.tuples(apps, text), min_size=1, max_size=25), st.data())
def test_it_does_what_a_slow_miner_does_however_lines_are_batched(
    lines: list[tuple[str, str]], data: st.DataObject
) -> None:
    plain = PlainMiner(0.6)
    wanted = [plain.assign(app, line) for app, line in lines]
    batch = log_batch([(float(i), "10.0.0.1", 9, *line) for i, line in enumerate(lines)])
    miner = TemplateMiner(0.6, 1000)
    ids: list[int] = []
    while len(ids) < len(lines):
        size = data.draw(st.integers(1, len(lines)), "size")
        part = miner.assign(batch.slice(len(ids), size))
        ids += part.column("template_id").to_pylist()
    assert ids == wanted
    shown = [miner.template(template_id) for template_id, _, _ in plain.templates]
    assert [t.text for t in shown if t is not None] == [
        " ".join(words) for _, _, words in plain.templates
    ]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["sees", "hears"]),
            st.sampled_from("ash birch cedar elm fir hazel larch maple oak pine rowan yew".split()),
            st.sampled_from(["at dawn", "at dusk", "by night"]),
        ),
        min_size=20,
        max_size=60,
    )
)
def test_it_does_so_where_many_words_stand_in_one_place(
    told: list[tuple[str, str, str]],
) -> None:
    lines = [f"owl {verb} the {tree} {when} as ever" for verb, tree, when in told]
    plain = PlainMiner(0.6)
    assert _ids(TemplateMiner(0.6, 1000), *lines) == [plain.assign("sshd", line) for line in lines]


@given(st.lists(text, min_size=1, max_size=25))
def test_no_template_is_lost_or_made_anew_by_a_restart(lines: list[str]) -> None:
    miner = TemplateMiner(0.6, 1000)
    ids = _ids(miner, *lines)
    again = TemplateMiner(0.6, 1000)
    again.take_over(miner.changed())
    assert set(_ids(again, *lines)) <= set(ids)
    assert len(again) == len(miner)
    assert again.changed() == []


@pytest.mark.parametrize(
    "line", ["", " ", "\0", "\0\0 a\0", "\u2028", "x" * 100_000, "a " * 50_000]
)
def test_odd_lines_have_a_template_of_their_own_and_of_bounded_size(line: str) -> None:
    miner = TemplateMiner(0.6, 100)
    first, other, second = _ids(miner, line, "something else", line)
    assert first == second != other
    found = miner.template(first)
    assert found is not None
    assert len(found.text) <= 2 * len("something else") + 4 * MOST_WORDS


def test_a_line_has_at_most_so_many_words() -> None:
    words = words_of("w " * 1000)
    assert len(words) == MOST_WORDS
    assert words[-1] == "<*>"


def test_forgotten_shapes_find_their_templates_again() -> None:
    miner = TemplateMiner(0.6, 2)
    lines = [f"word {'.' * i}" for i in range(1, 40)]
    ids = _ids(miner, *lines)
    assert _ids(miner, *lines) == ids
    assert miner.slow_lines > len(lines)
    assert len(miner) <= 3


def test_lines_without_a_body_or_an_application_are_as_empty_ones() -> None:
    batch = _batch("", "x", app="")
    missing = batch.set_column(8, batch.schema.field(8), pa.array([None, "x"], pa.string()))
    missing = missing.set_column(6, batch.schema.field(6), pa.array([None, None], pa.string()))
    wanted = TemplateMiner(0.6, 100).assign(batch).column("template_id")
    assert TemplateMiner(0.6, 100).assign(missing).column("template_id") == wanted
    assert np.all(wanted.to_numpy() != 0)

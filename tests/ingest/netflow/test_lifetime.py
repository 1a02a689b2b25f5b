"""A template that does not come again is not used for ever (RFC 3954 section 9, RFC 7011 8.4)."""

from __future__ import annotations

import json
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.netflow import NetflowConfig
from sensorium.ingest.sessions import Transport, new_session
from tests.ingest.netflow import packets as p

SECOND = 1_000_000_000
LIFE = 100
TEMPLATE = p.a_set(2, p.template(256, [(1, 4)]))
OTHER = p.a_set(2, p.template(256, [(2, 4)]))
DATA = p.a_set(256, struct.pack(">I", 7))
EXPIRED = "sensorium_netflow_templates_expired_total"


def at(bench: p.Bench, *sent: tuple[int, bytes], session: int = 0) -> list[tuple[int, int]]:
    """Decode messages that came so many seconds after the first: bytes and packets of rows."""
    slab = p.slab(
        [message for _, message in sent],
        arrival_ns=[p.ARRIVAL_NS + second * SECOND for second, _ in sent],
        sessions=[session] * len(sent),
    )
    return [(row["bytes"], row["packets"]) for row in bench.decoder.decode(slab).to_pylist()]


@pytest.mark.parametrize("version", [9, 10])
def test_a_template_that_did_not_come_again_in_time_is_not_used(version: int) -> None:
    bench = p.Bench(template_lifetime_s=LIFE)
    v9 = version == 9
    template = p.v9(p.a_set(0, p.template(256, [(1, 4)]))) if v9 else p.ipfix(TEMPLATE)
    data = p.v9(DATA) if v9 else p.ipfix(DATA)
    assert at(bench, (0, template), (LIFE, data)) == [(7, 0)]
    assert at(bench, (LIFE + 1, data)) == []
    assert bench.observe.value(EXPIRED) == 1
    assert bench.observe.value("sensorium_netflow_templates") == 0


def test_data_of_an_expired_template_waits_for_it_to_come_again() -> None:
    bench = p.Bench(template_lifetime_s=LIFE)
    assert at(bench, (0, p.ipfix(TEMPLATE)), (500, p.ipfix(DATA)), (501, p.ipfix(DATA))) == []
    assert at(bench, (502, p.ipfix(OTHER, DATA, sequence=2))) == [(0, 7)] * 3
    assert bench.dropped() == {}


def test_each_time_that_a_template_comes_it_is_good_for_as_long_again() -> None:
    bench = p.Bench(template_lifetime_s=LIFE)
    sent = [(n * 90, p.ipfix(TEMPLATE, DATA, sequence=n)) for n in range(10)]
    assert at(bench, *sent, (9 * 90 + LIFE, p.ipfix(DATA, sequence=10))) == [(7, 0)] * 11
    # One that came late does not shorten it.
    assert at(bench, (700, p.ipfix(TEMPLATE)), (9 * 90 + LIFE, p.ipfix(DATA))) == [(7, 0)]


def test_templates_of_a_session_last_as_long_as_it_does() -> None:
    bench = p.Bench(template_lifetime_s=LIFE)
    session = new_session(Transport.TCP)
    sent = (0, p.ipfix(TEMPLATE)), (10_000, p.ipfix(DATA))
    assert at(bench, *sent, session=session) == [(7, 0)]


def test_by_default_three_days_and_never_where_that_is_set() -> None:
    days = int(NetflowConfig().template_lifetime_s)
    assert days == 3 * 86_400
    assert at(p.Bench(), (0, p.ipfix(TEMPLATE)), (days, p.ipfix(DATA))) == [(7, 0)]
    assert at(p.Bench(), (0, p.ipfix(TEMPLATE)), (days + 1, p.ipfix(DATA))) == []
    never = p.Bench(template_lifetime_s=0)
    assert at(never, (0, p.ipfix(TEMPLATE)), (1_000 * days, p.ipfix(DATA))) == [(7, 0)]


def test_a_template_is_as_old_after_a_restart_as_it_was_before() -> None:
    before, after = p.Bench(template_lifetime_s=LIFE), p.Bench(template_lifetime_s=LIFE)
    at(before, (0, p.ipfix(TEMPLATE)))
    assert after.decoder.restore(before.decoder.state()) == 1
    assert at(after, (LIFE - 1, p.ipfix(DATA))) == [(7, 0)]
    assert at(after, (LIFE + 1, p.ipfix(DATA))) == []


def test_a_saved_template_of_unknown_age_is_not_used() -> None:
    before, after = p.Bench(), p.Bench()
    at(before, (0, p.ipfix(TEMPLATE)))
    saved = json.loads(before.decoder.state())
    del saved["sources"][0]["templates"][0]["refreshed_ns"]
    assert after.decoder.restore(json.dumps(saved).encode()) == 0


@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.sampled_from([TEMPLATE, OTHER, DATA, DATA, DATA])),
        max_size=30,
    ),
    st.lists(st.integers(0, 30), max_size=4),
)
def test_how_slabs_are_divided_changes_nothing_about_age(
    steps: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    clock, sent = 0, list[tuple[int, bytes]]()
    template, life, waiting, expected = b"", 0, 0, list[tuple[int, int]]()
    for step, one in steps:
        clock += step
        sent.append((clock, p.ipfix(one)))
        row = (7, 0) if (one if one != DATA else template) == TEMPLATE else (0, 7)
        if one != DATA:
            template, life = one, clock + LIFE
            expected += [row] * waiting
            waiting = 0
        elif template and clock <= life:
            expected.append(row)
        else:
            template, waiting = b"", waiting + 1
    bench, found = p.Bench(template_lifetime_s=LIFE), list[tuple[int, int]]()
    edges = sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})
    for first, last in pairwise(edges):
        found += at(bench, *sent[first:last])
    assert found == expected

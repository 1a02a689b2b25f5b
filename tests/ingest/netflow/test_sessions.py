"""Templates, rates and numbers of a transport session are its own, and end with it."""

from __future__ import annotations

import struct

import pytest

from sensorium.ingest.sessions import Transport, new_session, transport_of
from tests.ingest.netflow import packets as p

BYTES: list[p.Spec] = [(1, 4)]
PACKETS: list[p.Spec] = [(2, 4)]
SEVEN = struct.pack(">I", 7)
TEMPLATE = p.a_set(2, p.template(256, BYTES))
DATA = p.a_set(256, SEVEN)
END = b""


def rows(bench: p.Bench, *sent: tuple[bytes, int], exporter: str = p.EXPORTER) -> list[dict]:
    """Decode messages, each of a session."""
    payloads, sessions = [one for one, _ in sent], [session for _, session in sent]
    slab = p.slab(payloads, exporter, sessions=sessions)
    return bench.decoder.decode(slab).to_pylist()


def test_sessions_have_numbers_of_their_own_that_tell_their_transport() -> None:
    numbers = [new_session(transport) for transport in Transport]
    assert len(set(numbers)) == len(numbers)
    assert [transport_of(number) for number in numbers] == list(Transport)
    assert transport_of(0) is Transport.UDP


def test_a_template_of_one_session_is_not_used_for_another_or_for_datagrams() -> None:
    bench = p.Bench()
    one, two = new_session(Transport.TCP), new_session(Transport.TCP)
    assert rows(bench, (p.ipfix(TEMPLATE), one), (p.ipfix(DATA), two)) == []
    assert rows(bench, (p.ipfix(DATA), 0)) == []
    assert [row["bytes"] for row in rows(bench, (p.ipfix(DATA, sequence=0), one))] == [7]


def test_a_template_of_a_session_that_ended_is_not_used_for_a_later_one() -> None:
    bench = p.Bench()
    one, two = new_session(Transport.TCP), new_session(Transport.TCP)
    assert len(rows(bench, (p.ipfix(TEMPLATE, DATA), one), (END, one), (p.ipfix(DATA), two))) == 1
    assert bench.observe.value("sensorium_netflow_templates") == 0
    assert len(rows(bench, (p.ipfix(p.a_set(2, p.template(256, PACKETS))), two))) == 1
    assert bench.dropped() == {}


def test_data_that_waited_in_a_session_that_ended_is_counted() -> None:
    bench = p.Bench()
    one = new_session(Transport.TCP)
    assert rows(bench, (p.ipfix(DATA), one), (END, one)) == []
    assert bench.dropped() == {"data_before_template": 1}
    assert bench.observe.value("sensorium_netflow_sources") == 0


@pytest.mark.parametrize(
    ("template_set", "withdrawn", "left"),
    [(2, 256, {257, 300}), (2, 2, {300}), (3, 300, {256, 257}), (3, 3, {256, 257}), (2, 999, None)],
)
def test_a_withdrawal_in_a_session_is_followed(
    template_set: int, withdrawn: int, left: set[int] | None
) -> None:
    bench, one = p.Bench(), new_session(Transport.TCP)
    known = p.ipfix(
        p.a_set(2, p.template(256, BYTES) + p.template(257, BYTES)),
        p.a_set(3, p.options_template(300, [(149, 4)], [(34, 4)])),
    )
    away = p.ipfix(p.a_set(template_set, struct.pack(">HH", withdrawn, 0)))
    rows(bench, (known, one), (away, one))
    assert bench.observe.value("sensorium_netflow_templates") == len(left or {1, 2, 3})
    found = rows(bench, (p.ipfix(DATA, p.a_set(257, SEVEN)), one))
    assert len(found) == len((left or {256, 257}) & {256, 257})
    assert bench.dropped() == {}


def test_a_withdrawn_number_may_mean_another_template() -> None:
    bench, one = p.Bench(), new_session(Transport.SCTP)
    again = p.a_set(2, p.template(256, PACKETS))
    away = p.a_set(2, struct.pack(">HH", 256, 0))
    found = rows(bench, (p.ipfix(TEMPLATE, DATA, away, again, DATA), one))
    assert [(row["bytes"], row["packets"]) for row in found] == [(7, 0), (0, 7)]


def test_sequence_numbers_of_each_session_begin_anew() -> None:
    bench = p.Bench()
    one, two = new_session(Transport.TCP), new_session(Transport.TCP)
    rows(bench, (p.ipfix(TEMPLATE, DATA, sequence=500), one), (p.ipfix(DATA, sequence=501), one))
    rows(bench, (p.ipfix(TEMPLATE, DATA, sequence=0), two), (END, one))
    assert bench.sequence() == {}
    rows(bench, (p.ipfix(DATA, sequence=4), two))
    assert bench.sequence() == {"lost": 3}


def test_sessions_of_one_exporter_are_one_line_whose_counts_go_on() -> None:
    bench = p.Bench()
    one, two, three = (new_session(Transport.TCP) for _ in range(3))
    rows(bench, (p.ipfix(TEMPLATE, DATA), one), (p.ipfix(DATA, sequence=6), one), (END, one))
    rows(bench, (p.ipfix(TEMPLATE, DATA), two), (p.ipfix(TEMPLATE, DATA), three))
    rows(bench, (p.ipfix(TEMPLATE, DATA), 0))
    tcp, udp = bench.decoder.statuses()
    assert (tcp.transport, tcp.sessions, tcp.templates) == ("tcp", 2, 2)
    assert (tcp.datagrams, tcp.records, tcp.lost) == (4, 4, 5)
    assert (udp.transport, udp.sessions, udp.templates, udp.records) == ("udp", 0, 1, 1)


def test_what_is_kept_over_a_restart_leaves_sessions_out() -> None:
    bench = p.Bench()
    rows(bench, (p.ipfix(TEMPLATE, DATA), new_session(Transport.TCP)))
    again = p.Bench()
    assert again.decoder.restore(bench.decoder.state()) == 0


def test_senders_of_datagrams_make_room_before_sessions_do() -> None:
    bench, one = p.Bench(max_sources=4), new_session(Transport.TCP)
    rows(bench, (p.ipfix(TEMPLATE), one), exporter="192.0.2.99")
    for number in range(20):
        rows(bench, (p.ipfix(TEMPLATE, domain=number), 0))
    assert len(rows(bench, (p.ipfix(DATA), one), exporter="192.0.2.99")) == 1


def test_a_flood_of_domains_in_sessions_is_bounded_too() -> None:
    bench, one = p.Bench(max_sources=4), new_session(Transport.TCP)
    found = [len(rows(bench, (p.ipfix(TEMPLATE, DATA, domain=n), one))) for n in range(40)]
    assert found == [1] * 40
    assert rows(bench, (END, one)) == []
    assert bench.observe.value("sensorium_netflow_sources") == 0

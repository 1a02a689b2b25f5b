"""Conversations: both directions agree, and nothing is counted twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sensorium.detect.flows.conversations import converse
from sensorium.detect.flows.records import gather_records
from sensorium.detect.flows.told import Told
from sensorium.detect.flows.window import Addresses, Conversations
from sensorium.detect.keys import KeyIndex
from sensorium.detect.windows import Part
from sensorium.model.address import pack_address
from sensorium.model.signals import FLOWS

NS = 1_000_000_000
SYN, RST, PSH, ACK, FIN = 2, 4, 8, 16, 1
ALL = SYN | PSH | ACK | FIN
NOBODY = np.empty(0, np.uint64)


def record(src: str, dst: str, **given: Any) -> dict[str, Any]:
    """``a:p`` to ``b:q``, one second long, 10 packets of 1000 bytes, on one exporter."""
    a, _, p = src.rpartition(":")
    b, _, q = dst.rpartition(":")
    row: dict[str, Any] = {
        "src_addr": a,
        "dst_addr": b,
        "src_port": int(p),
        "dst_port": int(q),
        "proto": 6,
        "tcp_flags": ALL,
        "bytes": 1000,
        "packets": 10,
        "sampler_address": "10.0.0.1",
        "time_flow_start_ns": 100 * NS,
        "time_flow_end_ns": 101 * NS,
    }
    return row | given


def flows(*rows: dict[str, Any]) -> pa.RecordBatch:
    columns = []
    for field in FLOWS:
        values = [row.get(field.name, 0) for row in rows]
        if field.name == "attributes":
            values = [[] for _ in rows]
        if field.type == pa.binary(16):
            values = [pack_address(value or "0.0.0.0") for value in values]
        if field.name == "type":
            columns.append(pa.array(["IPFIX"] * len(rows)).dictionary_encode().cast(field.type))
        else:
            columns.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=FLOWS)


def talk(
    *rows: dict[str, Any], told: Told | None = None, served: np.ndarray = NOBODY
) -> tuple[Addresses, Conversations, Told]:
    memory, known = told or Told(), KeyIndex(1000)
    known.admit(served, 0)
    gathered = gather_records([Part(flows(*rows))], memory)
    return gathered.addresses, converse(gathered, memory, known, 90 * NS), memory


def listed(talks: Conversations) -> list[tuple[Any, ...]]:
    columns = [getattr(talks, name).tolist() for name in Conversations.__slots__]
    return sorted(zip(*columns, strict=True))


def names(addresses: Addresses, talks: Conversations) -> list[str]:
    return [
        f"{addresses.text(c)}>{addresses.text(s)}:{p}"
        for c, s, p in zip(
            talks.client.tolist(), talks.server.tolist(), talks.port.tolist(), strict=True
        )
    ]


BOTH_WAYS = (
    ("10.0.0.5:40000", "10.0.0.9:80", ALL, ALL, 6, "10.0.0.5>10.0.0.9:80"),
    ("10.0.0.9:40000", "10.0.0.5:80", ALL, ALL, 6, "10.0.0.9>10.0.0.5:80"),
    ("10.0.0.5:40000", "10.0.0.9:8080", ALL, ALL, 6, "10.0.0.5>10.0.0.9:8080"),
    # A scanner's source port is lower than the port it knocks at.
    ("10.0.0.5:40000", "10.0.0.9:50001", SYN, RST | ACK, 6, "10.0.0.5>10.0.0.9:50001"),
    ("10.0.0.5:443", "10.0.0.9:50001", SYN, RST | ACK, 6, "10.0.0.5>10.0.0.9:50001"),
    ("10.0.0.5:40000", "10.0.0.9:53", 0, 0, 17, "10.0.0.5>10.0.0.9:53"),
    ("10.0.0.9:123", "10.0.0.5:123", 0, 0, 17, "10.0.0.9>10.0.0.5:123"),
)


@pytest.mark.parametrize("case", BOTH_WAYS)
def test_both_directions_agree_on_who_is_the_client(
    case: tuple[str, str, int, int, int, str],
) -> None:
    client, server, up, down, proto, wanted = case
    there = record(client, server, tcp_flags=up, proto=proto)
    back = record(
        server, client, tcp_flags=down, proto=proto, time_flow_start_ns=100 * NS + 2_000_000
    )
    for rows in ((there, back), (back, there)):
        addresses, talks, _ = talk(*rows)
        assert names(addresses, talks) == [wanted]


def test_a_service_known_from_before_is_the_server_where_ports_do_not_tell() -> None:
    there = record("10.0.0.5:20000", "10.0.0.9:25000")
    back = record("10.0.0.9:25000", "10.0.0.5:20000")
    addresses, talks, _ = talk(there, back)
    assert names(addresses, talks) == ["10.0.0.9>10.0.0.5:20000"]
    _, known, _ = talk(
        record("10.0.0.7:50000", "10.0.0.9:25000"), record("10.0.0.9:25000", "10.0.0.7:50000")
    )
    addresses, talks, _ = talk(there, back, served=np.sort(known.service))
    assert names(addresses, talks) == ["10.0.0.5>10.0.0.9:25000"]


def test_two_exporters_of_one_conversation_count_once() -> None:
    rows = [
        record(*ends, sampler_address=exporter, bytes=size)
        for exporter, size in (("10.0.0.1", 1000), ("10.0.0.2", 1040))
        for ends in (("10.0.0.5:40000", "10.0.0.9:80"), ("10.0.0.9:80", "10.0.0.5:40000"))
    ]
    _, talks, _ = talk(*rows)
    assert len(talks) == 1
    assert (talks.bytes_up[0], talks.bytes_down[0]) == (1040, 1040)


def test_one_exporter_that_sees_traffic_on_two_interfaces_counts_it_once() -> None:
    rows = [
        record("10.0.0.5:40000", "10.0.0.9:80", in_if=1, out_if=2),
        record("10.0.0.5:40000", "10.0.0.9:80", in_if=7, out_if=8),
    ]
    assert talk(*rows)[1].bytes_up.tolist() == [1000]


def test_records_of_one_exporter_add_up() -> None:
    rows = [
        record("10.0.0.5:40000", "10.0.0.9:80", time_flow_end_ns=end * NS) for end in (101, 110)
    ]
    _, talks, _ = talk(*rows)
    assert talks.bytes_up.tolist() == [2000]
    assert talks.packets_up.tolist() == [20]


def test_a_second_exporter_that_ends_in_the_next_window_does_not_count_again() -> None:
    mine = record("10.0.0.5:40000", "10.0.0.9:80", sampler_address="10.0.0.1")
    other = record(
        "10.0.0.5:40000",
        "10.0.0.9:80",
        sampler_address="10.0.0.2",
        time_flow_end_ns=101 * NS + 400_000,
    )
    later = record(
        "10.0.0.5:40000",
        "10.0.0.9:80",
        time_flow_start_ns=102 * NS,
        time_flow_end_ns=130 * NS,
    )
    _, _, memory = talk(mine)
    _, talks, _ = talk(other, told=memory)
    assert len(talks) == 0
    _, talks, _ = talk(later, told=memory)
    assert talks.bytes_up.tolist() == [1000]


def test_sampled_volumes_are_scaled_and_records_are_not() -> None:
    _, talks, _ = talk(record("10.0.0.5:40000", "10.0.0.9:80", sampling_rate=100))
    assert talks.bytes_up.tolist() == [100_000]
    assert len(talks) == 1


FAILURES = (
    ({"tcp_flags": SYN}, None, True),
    ({"tcp_flags": SYN}, {"tcp_flags": RST | ACK}, True),
    ({"tcp_flags": ALL}, {"tcp_flags": ALL}, False),
    ({"tcp_flags": ALL}, {"tcp_flags": ALL | RST}, False),
    ({"tcp_flags": PSH | ACK}, None, False),
    ({"proto": 17, "tcp_flags": 0, "packets": 2}, None, True),
    ({"proto": 17, "tcp_flags": 0, "packets": 50}, None, False),
    ({"proto": 17, "tcp_flags": 0}, {"proto": 17, "tcp_flags": 0}, False),
)


@pytest.mark.parametrize(("up", "down", "failed"), FAILURES)
def test_a_conversation_fails_when_nobody_accepts(
    up: dict[str, Any], down: dict[str, Any] | None, failed: bool
) -> None:
    rows = [record("10.0.0.5:40000", "10.0.0.9:80", **up)]
    if down is not None:
        rows.append(record("10.0.0.9:80", "10.0.0.5:40000", **down))
    _, talks, _ = talk(*rows)
    assert talks.failed.tolist() == [failed]


def test_an_unanswered_message_to_a_group_is_no_failure() -> None:
    row = record("10.0.0.5:5353", "224.0.0.251:5353", proto=17, tcp_flags=0)
    addresses, talks, _ = talk(row)
    assert addresses.group.tolist() == [False, False, True]
    assert talks.failed.tolist() == [False]


def test_who_sends_the_echo_request_is_the_client() -> None:
    there = record("10.0.0.9:0", "10.0.0.5:2048", proto=1, tcp_flags=0)
    back = record("10.0.0.5:0", "10.0.0.9:0", proto=1, tcp_flags=0)
    addresses, talks, _ = talk(back, there)
    assert names(addresses, talks) == ["10.0.0.9>10.0.0.5:0"]
    assert talks.failed.tolist() == [False]


def test_the_order_of_records_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    rows = [
        record(
            f"10.0.0.{rng.integers(1, 5)}:{rng.integers(30000, 30004)}",
            f"10.0.1.{rng.integers(1, 5)}:{rng.choice([22, 80])}",
            sampler_address=f"10.0.9.{rng.integers(1, 3)}",
            bytes=int(rng.integers(1, 10_000)),
        )
        for _ in range(200)
    ]
    first = talk(*rows)
    for _ in range(3):
        rng.shuffle(rows)
        again = talk(*rows)
        assert listed(again[1]) == listed(first[1])

"""Conversations made by hash tables in one pass are those made by sorting whole columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sensorium.detect.flows.conversations import converse
from sensorium.detect.flows.records import gather_records
from sensorium.detect.flows.told import Told
from sensorium.detect.flows.window import Addresses, Conversations
from sensorium.detect.kernels.gathering import gather
from sensorium.detect.keys import KeyIndex
from sensorium.detect.windows import Part
from sensorium.model.address import pack_address
from tests.detect.flows import slow_conversations as slow
from tests.detect.flows.test_conversations import NS, flows

HOSTS = ("10.0.0.1", "10.0.0.2", "10.0.0.30", "2001:db8::1", "2001:db8::1:0:0:2", "224.0.0.9")


def some_records(rng: np.random.Generator, n: int, begins: int) -> pa.RecordBatch:
    """Records of few hosts and ports, so that directions meet and exporters repeat each other."""

    def row() -> dict[str, Any]:
        began = begins + int(rng.integers(-3, 30)) * NS
        return {
            "sampler_address": str(rng.choice(HOSTS[:2])),
            "observation_domain_id": int(rng.integers(2)),
            "sampling_rate": int(rng.choice([0, 1, 10])),
            "src_addr": str(rng.choice(HOSTS)),
            "dst_addr": str(rng.choice(HOSTS)),
            "src_port": int(rng.choice([0, 53, 80, 5432, 40000, 50000])),
            "dst_port": int(rng.choice([0, 53, 80, 5432, 40000, 2048, 65535])),
            "proto": int(rng.choice([1, 6, 6, 6, 17, 17, 47, 58])),
            "tcp_flags": int(rng.choice([0, 2, 4, 16, 18, 20, 27])),
            "bytes": int(rng.integers(40, 60)) * 40,
            "packets": int(rng.integers(1, 9)),
            "in_if": int(rng.integers(3)),
            "out_if": int(rng.integers(3)),
            "icmp_type": int(rng.choice([0, 8, 128])),
            "flow_direction": int(rng.integers(2)),
            "time_flow_start_ns": int(rng.choice([0, began, began, began])),
            "time_flow_end_ns": began + int(rng.integers(20)) * NS,
        }

    return flows(*(row() for _ in range(n)))


def listed(addresses: Addresses, talks: Conversations) -> list[tuple[Any, ...]]:
    ends = [[addresses.text(i) for i in side.tolist()] for side in (talks.client, talks.server)]
    rest = [getattr(talks, name).tolist() for name in Conversations.__slots__[2:]]
    return sorted(zip(*ends, *rest, strict=True))


@pytest.mark.parametrize("seed", range(6))
def test_conversations_are_those_that_sorting_finds_window_after_window(seed: int) -> None:
    rng = np.random.default_rng(seed)
    told, counted = Told(), slow.Counted.nothing()
    served = KeyIndex(1000)
    for window in range(4):
        start = (1000 + 30 * window) * NS
        batch = some_records(rng, 600, start)
        addresses, records = slow.read_records(batch)
        wanted, counted = slow.converse(addresses, records, counted, served.keys, start)

        rows = np.sort(rng.permutation(600)[:250]).astype(np.int32)
        others = np.setdiff1d(np.arange(600, dtype=np.int32), rows)
        gathered = gather_records([Part(batch, others), Part(batch, rows)], told)
        talks = converse(gathered, told, served, start)

        assert gathered.addresses.packed.tolist() == addresses.packed.tolist()
        assert gathered.addresses.keys.tolist() == addresses.keys.tolist()
        assert listed(gathered.addresses, talks) == listed(addresses, wanted)
        served.admit(np.unique(talks.service[talks.answered]), window)


def test_more_addresses_than_a_table_begins_with_are_all_told_apart() -> None:
    batch = flows(*({"src_addr": f"10.{i >> 8}.{i & 255}.1", "proto": 17} for i in range(5000)))
    gathered = gather_records([Part(batch)], Told())
    assert len(gathered.addresses.keys) == 5001
    sources = gathered.addresses.packed[gathered.records.source]
    wanted = [pack_address(f"10.{i >> 8}.{i & 255}.1") for i in range(5000)]
    assert [address.tobytes() for address in sources] == wanted


def test_memory_that_may_be_written_to_needs_no_code_of_its_own() -> None:
    batch = flows({"src_addr": "10.0.0.1"})
    made = [pa.array(column.to_pylist(), column.type) for column in batch.columns]
    assert made[0].buffers()[1].is_mutable
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write(batch)
    kept = pa.ipc.open_stream(sink.getvalue().to_pybytes()).read_next_batch()
    assert not kept.column(0).buffers()[1].is_mutable
    gather_records([Part(pa.RecordBatch.from_arrays(made, schema=batch.schema))], Told())
    compiled = set(gather.signatures)
    gather_records([Part(kept)], Told())
    assert set(gather.signatures) == compiled

from __future__ import annotations

import itertools
from pathlib import Path

import pyarrow as pa

from sensorium.agent.tools.flow_sql import SRC_IS_SERVER
from sensorium.model.signals import FLOWS, Signal
from sensorium.topology.orientation import source_is_server
from tests.agent.conftest import open_store
from tests.agent.scenarios import Scenario, link_fault
from tests.agent.town import Town


def flows_of_every_sort() -> pa.RecordBatch:
    town = Town()
    for number, (flags, ports, proto, packets) in enumerate(
        itertools.product(
            (0x02, 0x12, 0x14, 0x1B, 0x06, 0x04, 0x00),
            ((40000, 80), (80, 40000), (123, 123), (0, 0)),
            (6, 17, 132, 1, 58, 47),
            (1, 3),
        )
    ):
        town.talk(number, "ws-1", "web", ports[1], client_port=ports[0] or 1, proto=proto)
        for row in town.flows[-2:]:
            row |= {"tcp_flags": flags, "packets": packets}
            if ports == (0, 0):
                row |= {"src_port": 0, "dst_port": 0, "icmp_type": number % 2 * 8}
    return pa.RecordBatch.from_pylist(town.flows, schema=FLOWS)


def test_sql_and_topology_agree_on_who_is_the_server(tmp_path: Path) -> None:
    batch = flows_of_every_sort()
    empty = link_fault()
    with open_store(Scenario(Town(), empty.incident, [], 0), tmp_path) as store:
        store.insert(Signal.FLOWS, batch)
        store.flush()
        answer = store.query(
            f"SELECT toUnixTimestamp64Nano(time_flow_start_ns) AS at, src_port, src_addr, "
            f"{SRC_IS_SERVER} AS server FROM flows"
        )
    found = {
        (row["at"], row["src_port"], row["src_addr"]): bool(row["server"])
        for row in answer.to_pylist()
    }
    expected = source_is_server(batch)
    assert len(found) == batch.num_rows > 600
    for row, server in zip(batch.to_pylist(), expected, strict=True):
        key = (row["time_flow_start_ns"], row["src_port"], row["src_addr"])
        assert found[key] == bool(server), row

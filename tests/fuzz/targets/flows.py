"""NetFlow and IPFIX with templates over several datagrams, and sFlow."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.fuzz import slabs
from tests.fuzz.targets.target import Run, Target, counts, files, rows, total, whole

_FORMS = {1: (16, 48, 24), 5: (24, 48, 30), 7: (24, 52, 27), 8: (28, 0, 0)}
"""Bytes of the header and of a record, and most records, of versions without templates."""
_V8 = (28, 28, 32, 32, 40, 32, 40, 44, 32, 32, 32, 32, 40, 40)
"""Bytes of a record of NetFlow v8, by aggregation."""


def _records_of(version: int, told: list[slabs.Told]) -> int:
    header, record, most = _FORMS[version]
    found = 0
    for one in told:
        if len(one.payload) >= header and one.payload[:2] == bytes([0, version]):
            if version == 8:
                if not 1 <= one.payload[22] <= len(_V8):
                    continue
                record = _V8[one.payload[22] - 1]
                most = 1444 // record
            (announced,) = struct.unpack(">H", one.payload[2:4])
            room = (len(one.payload) - header) // record
            found += min(announced, room) if announced <= max(most, room) else 0
    return found


def _netflow() -> Run:
    from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder
    from sensorium.model.signals import FLOWS
    from sensorium.observe import Observe

    def run(data: bytes) -> None:
        told = list(slabs.unpack(data))
        divided, together = Observe(), Observe()
        decoder = NetflowDecoder(NetflowConfig(), divided)
        batches = [decoder.decode(slab) for slab in slabs.divided(told)]
        for batch in batches:
            whole(batch, FLOWS)
        assert total(divided, "sensorium_ingest_received_total") == len(told)
        records = total(divided, "sensorium_ingest_decoded_total", "flow")
        found = sum(map(len, batches))
        assert records <= found <= 2 * records, f"{records} records gave {found} rows"
        for version in _FORMS:
            protocol = f"netflow_v{version}"
            read = total(divided, "sensorium_ingest_decoded_total", protocol, "flow")
            assert read == _records_of(version, told), f"{protocol}: neither rows nor counted"
        restored = NetflowDecoder(NetflowConfig(), Observe())
        restored.restore(decoder.state())
        one = NetflowDecoder(NetflowConfig(), together).decode(slabs.slab(told))
        assert rows([one]) == rows(batches), "other rows when divided otherwise"
        assert counts(together) == counts(divided), "other counts when divided otherwise"

    return run


def _netflow_shown() -> Run:
    from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder
    from sensorium.ingest.render import to_json_lines
    from sensorium.observe import Observe

    def run(data: bytes) -> None:
        options: list[dict[str, Any]] = []
        decoder = NetflowDecoder(NetflowConfig(), Observe(), options=options.append)
        for slab in slabs.divided(list(slabs.unpack(data))):
            batch = decoder.decode(slab)
            batch.validate(full=True)
            for line in to_json_lines(batch):
                json.loads(line)
        for record in options:
            json.loads(json.dumps(record))

    return run


def _sflow() -> Run:
    from sensorium.ingest.sflow import SflowConfig, SflowDecoder
    from sensorium.model.signals import FLOWS, METRICS
    from sensorium.observe import Observe

    def run(data: bytes) -> None:
        told = list(slabs.unpack(data))
        divided, together = Observe(), Observe()
        decoder = SflowDecoder(SflowConfig(), divided)
        parts = [decoder.decode(slab) for slab in slabs.divided(told)]
        for part in parts:
            whole(part.flows, FLOWS)
            whole(part.metrics, METRICS)
        assert total(divided, "sensorium_ingest_received_total") == len(told)
        assert sum(len(part.flows) for part in parts) <= total(
            divided, "sensorium_ingest_decoded_total"
        )
        one = SflowDecoder(SflowConfig(), together).decode(slabs.slab(told))
        assert rows([one.flows]) == rows(part.flows for part in parts)
        assert rows([one.metrics]) == rows(part.metrics for part in parts)
        assert counts(together) == counts(divided), "other counts when divided otherwise"

    return run


def _netflow_seeds(data: Path | None) -> Iterator[bytes]:
    from tests.ingest.netflow import packets as p

    plain = p.template(256, p.PLAIN)
    record = p.record(p.PLAIN, 1, 2, 3, 4, 6, 16, 900, 9)
    yield slabs.pack([p.v5([p.v5_record()] * 2)])
    yield slabs.pack([p.v1([p.v1_record()] * 2), p.v7([p.v7_record()] * 2)])
    yield slabs.pack([p.v8([bytes(44)], 8), p.v8([bytes(28)] * 2, 1)])
    yield slabs.pack([p.v9(p.a_set(0, plain)), p.v9(p.a_set(256, record * 2))])
    yield slabs.pack([p.ipfix(p.a_set(256, record)), p.ipfix(p.a_set(2, plain))])
    options = p.options_template(257, [(144, 4)], [(34, 4)])
    yield slabs.pack([p.ipfix(p.a_set(3, options), p.a_set(257, struct.pack(">II", 1, 100)))])
    text = [(8, 4), (82, 65535), (291, 65535)]
    lists = p.record(text, 9, b"eth0", b"\xff\x00\x01\x00\x04abcd")
    yield slabs.pack([p.ipfix(p.a_set(2, p.template(300, text)), p.a_set(300, lists))])
    biflow = [(8, 4), (1, 4), (1, 4, 29305), (2, 4), (2, 4, 29305)]
    two = p.record(biflow, 7, 100, 50, 3, 2)
    yield slabs.pack([p.ipfix(p.a_set(2, p.template(301, biflow)), p.a_set(301, two))])
    if data:
        folder = data / "netflow" / "logstash"
        for case in json.loads((folder / "cases.json").read_text()):
            yield slabs.pack((folder / name).read_bytes() for name in case["packets"])
        for folder in sorted((data / "netflow" / "telegraf").glob("netflow*")):
            yield slabs.pack(path.read_bytes() for path in sorted(folder.glob("*.bin")))


def _sflow_seeds(data: Path | None) -> Iterator[bytes]:
    from tests.ingest.sflow import agents as a

    frame = a.ethernet(0x0800, a.ipv4(6, a.tcp()))
    sample, counters = a.flow_sample(a.header(frame)), a.counter_sample(a.interface_counters())
    yield slabs.pack([a.datagram(sample, counters)])
    yield slabs.pack([a.datagram(sample), a.datagram(counters), a.datagram(agent="2001:db8::1")])
    request = a.words(2, 1001, *[0] * 7, *[1] * 6)
    socket = a.opaque(2100, a.words(6, 1, 2, 80, 51000))
    wireless = a.opaque(1014, a.string(b"ssid") + bytes(36))
    sample = a.flow_sample(a.opaque(2206, request), socket, wireless)
    optics = a.opaque(10, a.words(1, 1, 3300, 30_000, 1, *range(10)))
    buffers = a.opaque((4413 << 12) + 2, a.words(1, 2, 3, 4, 1, 5, 1, 6))
    operations = a.opaque(2202, a.string(b"shop") + a.words(*range(11)))
    adapters = a.opaque(2001, a.words(1, 2, 1) + a.MACS[:6] + bytes(2))
    yield slabs.pack([a.datagram(sample, a.counter_sample(optics, buffers, operations, adapters))])
    for content in files(data, "netflow/telegraf/sflow*/*.bin"):
        yield slabs.pack([content])


_WORDS = (b"\0\x05", b"\0\x09", b"\0\x0a", b"\0\0\0\x05", b"\xff\xff", b"\x01\0", b"\0\x02\0\x10")
TARGETS = (
    Target("netflow", ("netflow.decoder",), _netflow, _netflow_seeds, _WORDS),
    Target("netflow-shown", ("netflow.decoder", "render"), _netflow_shown, _netflow_seeds, _WORDS),
    Target("sflow", ("sflow.decoder",), _sflow, _sflow_seeds, _WORDS),
)

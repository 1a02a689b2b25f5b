"""Captures, relays' headers, other tools' exports, and announcements of changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from tests.fuzz import slabs
from tests.fuzz.targets.target import Run, Target, total, whole

_DAY_NS = 86_400 * 1_000_000_000


def _capture() -> Run:
    from sensorium.ingest.captured import Body, read_capture
    from sensorium.ingest.pcap import PcapError
    from sensorium.observe import Observe

    def run(data: bytes) -> None:
        observe, datagrams = Observe(), 0
        try:
            for found in read_capture(data, observe):
                if isinstance(found, Body):
                    assert len(found.content) <= len(data)
                    continue
                datagrams += (
                    sum(n == 0 for n in found.session) if found.session is not None else len(found)
                )
                assert len(found.data) <= len(data)
                assert found.offsets[-1] == len(found.data)
        except PcapError:
            return
        whole_, cut = (
            total(observe, "sensorium_capture_packets_total", outcome)
            for outcome in ("datagram", "cut")
        )
        assert whole_ <= datagrams <= whole_ + cut, f"{datagrams} datagrams of {whole_}, {cut} cut"

    return run


def _proxy() -> Run:
    from sensorium.ingest.transport.networks import SourceNetworks
    from sensorium.ingest.transport.proxy_protocol import strip_headers

    trusted = SourceNetworks(["10.0.0.0/31"])

    def run(data: bytes) -> None:
        told = list(slabs.unpack(data))
        if not told:
            return
        together = strip_headers(slabs.slab(told), trusted)
        parts = [strip_headers(slab, trusted) for slab in slabs.divided(told)]
        names = ("honoured", "untrusted", "malformed")
        for name in names:
            assert getattr(together, name) == sum(getattr(part, name) for part in parts)
        payloads = [part.datagrams.payload(n) for part in parts for n in range(len(part.datagrams))]
        assert payloads == [together.datagrams.payload(n) for n in range(len(told))]
        for one, payload in zip(told, payloads, strict=True):
            assert one.payload.endswith(payload)
            if one.sender > 1:
                assert one.payload == payload, "a header of a stranger was honoured"

    return run


def _exports() -> Run:
    from sensorium.ingest.exports import Form, form_of, read_records
    from sensorium.ingest.exports.problem import ExportFileError
    from sensorium.ingest.render import to_json_lines
    from sensorium.model.signals import SCHEMAS
    from sensorium.observe import Observe

    def run(data: bytes) -> None:
        observe = Observe()
        try:
            if (form := form_of(data[:4096])) is None:
                return
            for signal, batch in read_records(form, BytesIO(data), observe):
                whole(batch.replace_schema_metadata(None), SCHEMAS[signal])
                for line in to_json_lines(batch):
                    json.loads(line)
        except ExportFileError:
            return
        # Of JSON each character may be one that is no object, or a record have many flows.
        most = len(data) if form in (Form.JSON, Form.JSON_LINES) else len(data.splitlines())
        assert total(observe, "sensorium_ingest_dropped_total") <= most

    return run


def _changes() -> Run:
    from sensorium.ingest.changes import ChangeReader, ChangesConfig, to_batch
    from sensorium.model.signals import CHANGES
    from sensorium.observe.testing import RecordingObserve

    def run(data: bytes) -> None:
        if not data:
            return
        quiet = RecordingObserve()
        reader, form, text = ChangeReader(ChangesConfig(), quiet), data[0] % 3, data[1:]
        start, end = slabs.ARRIVAL_NS, slabs.ARRIVAL_NS + _DAY_NS
        if form == 0:
            changes = reader.deployments(text)
        elif form == 1:
            changes = reader.crontab("host", text).occurrences(start, end)
        else:
            changes = reader.calendar(text).occurrences(start, end)
        if form:
            assert all(change.start_ns < end for change in changes)
        whole(to_batch(changes), CHANGES)

    return run


def _capture_seeds(data: Path | None) -> Iterator[bytes]:
    from tests.ingest.pcap import captures as c

    frame = c.ethernet(c.ipv4(c.udp(b"payload")))
    yield c.pcap(frame, c.ethernet(c.ipv6(c.udp(b"six")), 0x86DD), nanoseconds=True)
    yield c.pcap(c.ethernet(c.ipv4(c.udp(b"x")), tags=(0x8100,)), order=">", cut=2)
    yield c.section() + c.interface() + c.enhanced(frame, 1 << 40) + c.simple(frame)
    yield c.section(">") + c.interface(order=">") + c.enhanced(frame, 9, order=">")
    yield c.section() + c.interface(options=c.option(9, b"\x09")) + c.enhanced(frame, 1 << 60)
    yield from _connection_seeds()


def _connection_seeds() -> Iterator[bytes]:
    from tests.ingest.captured import frames as f
    from tests.ingest.captured import test_bodies, test_connections
    from tests.ingest.pcap import captures as c

    ipfix = test_connections.TEMPLATE + test_connections.data(1)
    yield c.pcap(*f.conversation(ipfix, size=30), f.tcp(9, b"<34>hello", ports=(9, 514)))
    yield c.pcap(
        f.sctp(f.init(1)), f.sctp(f.user_data(1, ipfix[:9], 2), f.user_data(2, ipfix[9:], 1))
    )
    post = test_bodies.post("/v1/logs", b"x", Content_Type="application/json")
    yield c.pcap(*f.conversation(post, size=60, port=80))
    yield c.pcap(*f.conversation(test_bodies.http2(), port=4317))


def _proxy_seeds(data: Path | None) -> Iterator[bytes]:
    from sensorium.ingest.transport.proxy_protocol import build_header

    four, six = bytes(10) + b"\xff\xff\x0a\0\0\x09", bytes(range(16))
    headers = [build_header(address, 1, 2, slabs.ARRIVAL_NS) for address in (four, six)]
    yield slabs.pack(header + b"payload" for header in headers)
    yield slabs.pack([slabs.Told(headers[0] + b"x", sender=3), b"plain", headers[1]])
    yield slabs.pack([b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0local"])


def _export_seeds(data: Path | None) -> Iterator[bytes]:
    from tests.ingest.exports import (
        test_argus,
        test_clouds,
        test_ecs,
        test_elements,
        test_json_lines,
        test_nfdump,
        test_zeek,
    )

    zeek = test_zeek.HEAD + test_zeek.WEB + test_zeek.PING + test_zeek.FOOT
    yield zeek.encode()
    yield (test_nfdump.HEAD + test_nfdump.FLOW + test_nfdump.SUMMARY).encode()
    events = (test_json_lines.FLOW, test_json_lines.ALERT, {"message": "x", "level": "info"})
    yield b"\n".join(json.dumps(event).encode() for event in events)
    yield (test_argus.HEAD + test_argus.FLOW).encode()
    yield test_elements.lines(test_elements.COLLECTED, test_elements.PROBED, test_ecs.NESTED)
    yield test_clouds.written({"records": [test_clouds.group(test_clouds.OUT)]})
    yield test_clouds.written(test_clouds.GOOGLE) + test_clouds.written(test_clouds.network("1,2"))
    yield b'{"time_ns":1,"name":"a","labels":{"b":"c"},"value":NaN,"kind":"gauge","series_id":1}\n'


def _change_seeds(data: Path | None) -> Iterator[bytes]:
    from tests.ingest.changes.test_calendar import BACKUP
    from tests.ingest.changes.test_deployments import line

    yield b"\0" + line() + line(id="b", port="53/udp", host=["a", "b"], finished=None)
    yield b"\x01# comment\nMAILTO=x\n*/5 1-3 * * 1 root /bin/backup --to nas\n@daily root x\n"
    event = f"BEGIN:VEVENT\n{BACKUP.strip()}\nEND:VEVENT\n"
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n{event}END:VCALENDAR\n"
    yield b"\x02" + text.replace("\n", "\r\n").encode()


TARGETS = (
    Target(
        "capture", ("captured.reader",), _capture, _capture_seeds,
        (b"\x0a\x0d\x0d\x0a", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"POST / HTTP/1.1\r\n"),
    ),
    Target(
        "proxy", ("transport.proxy_protocol",), _proxy, _proxy_seeds,
        (b"\r\n\r\n\0\r\nQUIT\n", b"\x21\x12", b"\xe0\0\x08"),
    ),
    Target(
        "exports",
        ("exports.zeek", "exports.nfdump", "exports.objects", "exports.elements", "exports.ecs",
         "exports.clouds", "exports.argus", "render"),
        _exports, _export_seeds, (b"#separator \\x09\n#fields\t", b"firstSeen,", b'{"', b'[{"'),
    ),
    Target(
        "changes", ("changes.reader", "changes.columns"), _changes, _change_seeds,
        (b"RRULE:FREQ=", b"BEGIN:VEVENT", b"EXDATE:", b"RECURRENCE-ID:", b";TZID=", b"@hourly"),
    ),
)  # fmt: skip

"""What is compiled before it is needed: every decoder is given a little of what it decodes.

Kernels are compiled when they are first called, and kept on disk.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from typing import Final

from sensorium.ingest.datagrams import Datagrams
from sensorium.model.address import pack_address
from sensorium.observe import Observe

_ARRIVAL_NS: Final = 1_700_000_000_000_000_000
_SYSLOG_PORT: Final = 5514

Step = tuple[str, Callable[[], object]]


def decoder_steps() -> Iterator[Step]:
    """What the pipeline's thread needs, by name."""
    yield "netflow", _netflow
    yield "sflow", _sflow
    yield "syslog", _syslog
    yield "prometheus", _prometheus
    yield "log templates", _log_templates
    yield "detection", _detection
    yield "repeating series", _repeating_series
    yield "who talks to whom", _talk
    yield "topology", _topology


def receiver_steps() -> Iterator[Step]:
    """What receivers need, by name."""
    yield "udp", _udp
    yield "streams", _streams
    yield "remote write", _remote_write
    yield "otlp", _otlp


def command_steps() -> Iterator[Step]:
    """What single commands need, by name."""
    yield "detect", _detect
    yield "suggested links", _suggested_links


def prepare_decoders(ending: Callable[[], bool] = lambda: False) -> None:
    """Compile, or load from disk, what the pipeline's thread calls.

    Where the service is ``ending`` the rest is left: what it still needs it compiles by itself.
    """
    for _, step in decoder_steps():
        if ending():
            return
        step()


def _slab(payloads: list[bytes], port: int = 0, session: int | None = None) -> Datagrams:
    return Datagrams.of(
        payloads,
        arrival_ns=[_ARRIVAL_NS] * len(payloads),
        src_addr=[pack_address("192.0.2.1")] * len(payloads),
        dst_port=port,
        session=session,
    )


def _netflow() -> None:
    from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder
    from sensorium.ingest.netflow.sequence.streams import evict_streams, new_streams
    from sensorium.ingest.sessions import Transport, new_session

    decoder = NetflowDecoder(NetflowConfig(), Observe())
    v5 = struct.pack(">HHIIIIHH", 5, 1, 5000, 1_700_000_000, 0, 0, 0, 0) + bytes(48)
    # An address, octets, a name of variable length, a NAT event, and the sampling of an interface;
    # and the first bytes of a packet.
    fields = struct.pack(">HHHHHHHH", 8, 4, 1, 4, 82, 65535, 230, 1)
    template = struct.pack(">HH", 256, 4) + fields
    options = struct.pack(">HHHHHHH", 257, 2, 1, 10, 4, 34, 4)
    data = bytes(8) + b"\x02ge" + b"\x01"
    pieces = struct.pack(">HHHH", 258, 1, 313, 20)
    sets = [(2, template), (3, options), (257, bytes(8)), (256, data)]
    sets += [(2, pieces), (258, b"\x45" + bytes(19))]
    body = b"".join(struct.pack(">HH", number, 4 + len(part)) + part for number, part in sets)
    ipfix = struct.pack(">HHIII", 10, 16 + len(body), 1_700_000_000, 0, 0) + body
    decoder.decode(_slab([v5, ipfix]))
    decoder.statuses()
    other = NetflowDecoder(NetflowConfig(), Observe())
    other.restore(decoder.state())
    other.decode(_slab([ipfix, b""], session=new_session(Transport.TCP)))  # and it has ended
    evict_streams(new_streams(1, 1))


def _sflow() -> None:
    from sensorium.ingest.sflow import SflowConfig, SflowDecoder

    frame = bytes(12) + b"\x08\x00" + b"\x45" + bytes(8) + b"\x06" + bytes(30)
    header = struct.pack(">IIII", 1, len(frame) + 4, 4, len(frame)) + frame
    header += bytes(-len(header) % 4)
    record = struct.pack(">II", 1, len(header)) + header
    flow = struct.pack(">IIIIIIII", 1, 3, 512, 512, 0, 3, 4, 1) + record
    counters = struct.pack(">II", 1, 88) + bytes(88)
    counter = struct.pack(">III", 1, 3, 1) + counters
    samples = (
        struct.pack(">II", 1, len(flow)) + flow + struct.pack(">II", 2, len(counter)) + counter
    )
    datagram = struct.pack(">IIIIIII", 5, 1, 0x0A000001, 0, 1, 5000, 2) + samples
    decoder = SflowDecoder(SflowConfig(), Observe())
    decoder.decode(_slab([datagram]))
    decoder.statuses()


def _syslog() -> None:
    from sensorium.ingest.syslog import SyslogConfig, SyslogDecoder

    lines = [
        b'<34>1 2023-10-11T22:14:15.003Z host app 1 ID [id@1 a="b"] text',
        b"<34>Oct 11 22:14:15 host app[1]: text \xc3\xa9\n<34>Oct 11 22:14:15 host app: \xff",
    ]
    SyslogDecoder(SyslogConfig(), Observe()).decode(_slab(lines, _SYSLOG_PORT))


def _prometheus() -> None:
    from sensorium.ingest.prometheus import PrometheusConfig, PrometheusDecoder, Scrape

    scrape = Scrape(_ARRIVAL_NS, "job", "instance", 200, b'up{a="b"} 1 1700000000000\n', 1)
    PrometheusDecoder(PrometheusConfig(), Observe()).decode([scrape])


def _log_templates() -> None:
    import pyarrow as pa

    from sensorium.detect.logs.templates import TemplateMiner

    lines = {"app": ["a", "a"], "body": ["a b c 1", "a b c d"], "time_ns": [1, 1]}
    batch = pa.RecordBatch.from_pydict({**lines, "template_id": pa.array([0, 0], pa.uint64())})
    TemplateMiner(0.7, 10).assign(batch)


def _topology() -> None:
    import numpy as np

    from sensorium.links.graph.compressed import Graph
    from sensorium.topology.centrality import betweenness_of
    from sensorium.topology.centrality.communities import communities_of
    from sensorium.topology.centrality.cores import core_numbers

    ring = np.arange(70)
    graph = Graph.from_edges(len(ring), ring, np.roll(ring, 1))
    betweenness_of(graph)
    betweenness_of(graph, error=0.1, exact_below=0)
    communities_of(graph)
    core_numbers(graph)


def _detection() -> None:
    import numpy as np
    import pyarrow as pa

    from sensorium.detect import DetectConfig, DetectionEngine
    from sensorium.detect.forest import ARRAYS, FlatForest
    from sensorium.detect.kernels.gathering import enter_addresses
    from sensorium.detect.logs.numbers import numbers_in
    from sensorium.model.signals import FLOWS, LABELS, METRICS, Signal

    minute, engine = 60 * 10**9, DetectionEngine(DetectConfig(), Observe())
    for now in range(_ARRIVAL_NS, _ARRIVAL_NS + 8 * minute, minute):
        columns = []
        for field in FLOWS:
            times = field.name.endswith("_ns")
            given = {pa.binary(16): [pack_address("192.0.2.1")], LABELS: [[]]}
            value = given.get(field.type, [now if times else 1])
            if field.name == "type":
                columns.append(pa.array(["IPFIX"]).dictionary_encode().cast(field.type))
            else:
                columns.append(pa.array(value, field.type))
        engine.observe(Signal.FLOWS, pa.RecordBatch.from_arrays(columns, schema=FLOWS))
        sample = [[now], np.array([1], np.uint64), ["a"], [[]], [1.0], ["gauge"]]
        samples = [pa.array(s, f.type) for s, f in zip(sample, METRICS, strict=True)]
        engine.observe(Signal.METRICS, pa.RecordBatch.from_arrays(samples, schema=METRICS))
        engine.advance(now - 2 * minute)
    DetectionEngine(DetectConfig(), Observe()).restore(engine.state())
    numbers_in(pa.array(["took 3 ms"]))
    leaf = {name: np.zeros(int(name in ("ends", "lengths")), of) for name, of in ARRAYS.items()}
    FlatForest(**leaf, width=1, usual=1.0).score_samples(np.zeros((1, 1)))
    enter_addresses(0, np.zeros(1, np.int32), *np.zeros((2, 1), np.uint64))


def _repeating_series() -> None:
    import numpy as np

    from sensorium.detect.series.many_shapes import ShapeTables, repeats_after

    tables, row, gap = ShapeTables(), np.zeros(1, np.int64), np.zeros(1, np.bool_)
    values = np.arange(64.0) % 8
    repeats_after(values, 4)
    tables.make_room(1)
    tables.begin(0, values, 8)
    tables.judge(row, values[:1], gap)
    tables.take(row, values[:1], gap)


def _talk() -> None:
    import numpy as np

    from sensorium.links.network import table
    from sensorium.links.network.memory import TalkMemory

    memory, ends = TalkMemory(), (np.array([1], np.uint64), np.array([2], np.uint64))
    memory.features(*ends, 0)
    memory.learn(*ends, 0, np.ones(1, np.bool_))
    table.enter(np.full(1, -1, np.int32), ends[0], 0)


def _udp() -> None:
    import asyncio

    from sensorium.ingest.transport.networks import SourceNetworks
    from sensorium.ingest.transport.proxy_protocol import build_header, strip_headers

    source = pack_address("192.0.2.1")
    relayed = _slab([build_header(source, 1, 1, _ARRIVAL_NS) + b"a"])
    strip_headers(relayed, SourceNetworks(["192.0.2.1/32"]))
    for batched in (True, False):
        asyncio.run(_receive_two(batched=batched))


async def _receive_two(*, batched: bool) -> None:
    import asyncio
    import contextlib
    import socket

    from sensorium.ingest.transport import UdpReceiver
    from sensorium.ingest.transport.config import UdpConfig

    config = UdpConfig(host="127.0.0.1", ports=(0,), batched=batched)
    receiver = UdpReceiver(config, lambda _: None, Observe(), clock_ns=time.time_ns)
    receiver.bind()
    port = receiver.ports[0]
    running = asyncio.create_task(receiver.run())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for payload in (b"<1>a", b"<1>b"):
            sender.sendto(payload, ("127.0.0.1", port))
    await asyncio.sleep(0)
    receiver.drain()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


def _streams() -> None:
    import numpy as np

    from sensorium.ingest.netflow import messages
    from sensorium.ingest.syslog.frames import FrameRules, find_frames, gather, new_state

    read = np.frombuffer(b"8 <1>a b c<1>d\n", np.uint8).copy()
    starts, ends = np.zeros(8, np.int64), np.zeros(8, np.int64)
    rules = FrameRules()
    count, _ = find_frames(read, 0, len(read), rules.packed, new_state(), starts, ends, 0)
    out, offsets = np.empty(len(read), np.uint8), np.empty(count + 1, np.int64)
    gather(read, starts[:count], ends[:count], count, out, offsets)
    messages.find_messages(read, 0, len(read), messages.new_state(), starts, ends, 0)


def _remote_write() -> None:
    from sensorium.ingest.remote_write import RemoteWriteConfig, RemoteWriteDecoder

    RemoteWriteDecoder(RemoteWriteConfig(), Observe()).prepare()


def _otlp() -> None:
    from sensorium.ingest.otlp import LogsDecoder, MetricsDecoder, OtlpConfig

    for decoder in (LogsDecoder, MetricsDecoder):
        decoder(OtlpConfig(), Observe(), seed=0).decode(b"", 0)


def _detect() -> None:
    import numpy as np

    from sensorium.detect.series import SeriesDetector
    from sensorium.detect.series.together import TogetherDetector

    times, counts = np.arange(30) * 10**9, np.arange(30.0)
    detector = SeriesDetector()
    detector.learn(times, counts)
    detector.score(times + 30 * 10**9, counts)
    together = TogetherDetector(2)
    together.learn(times, np.column_stack([counts, counts**2]))
    together.score(None, np.zeros((1, 2)))


def _suggested_links() -> None:
    from sensorium.app.preparation.links import prepare_links

    prepare_links()

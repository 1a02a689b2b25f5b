"""Syslog in datagrams and streams, and Prometheus' exposition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from tests.fuzz import slabs
from tests.fuzz.targets.target import Run, Target, counts, files, rows, total, whole

_SHORT = 64


def _syslog() -> Run:
    from sensorium.ingest.syslog import SyslogConfig, SyslogDecoder
    from sensorium.model.signals import LOGS
    from sensorium.observe import Observe

    def run(data: bytes) -> None:
        told = list(slabs.unpack(data))
        divided, together = Observe(), Observe()
        config = SyslogConfig(max_message_bytes=480)
        decoder = SyslogDecoder(config, divided)
        batches = [decoder.decode(slab) for slab in slabs.divided(told)]
        for batch in batches:
            whole(batch, LOGS)
        found = sum(map(len, batches))
        empty = sum(not one.payload.strip(b"\r\n\0") for one in told)
        assert found == total(divided, "sensorium_syslog_messages_total")
        assert empty == total(divided, "sensorium_ingest_dropped_total", "empty")
        assert found >= len(told) - empty, "a datagram with content gave no row"
        one = SyslogDecoder(config, together).decode(slabs.slab(told))
        assert rows([one]) == rows(batches), "other rows when divided otherwise"
        assert counts(together) == counts(divided), "other counts when divided otherwise"
        framed = SyslogDecoder(config, Observe()).decode_messages(slabs.slab(told))
        assert len(framed) == len(told) - empty, "a framed message is one row"
        whole(framed, LOGS)

    return run


def _stream() -> Run:
    from sensorium.ingest.syslog import frames

    def deframe(chunks: list[bytes], rules: frames.FrameRules) -> tuple[list[bytes], list[int]]:
        state, carried, messages = frames.new_state(), b"", []
        for chunk in chunks:
            data = carried + chunk
            room = np.empty((2, len(data) // 2 + 1), np.int64)
            starts, ends = room[0].copy(), room[1].copy()
            held = np.frombuffer(data, np.uint8)
            count, done = frames.find_frames(
                held, 0, len(data), rules.packed, state, starts, ends, 0
            )
            out = np.empty(int((ends[:count] - starts[:count]).sum()), np.uint8)
            offsets = np.empty(int(count) + 1, np.int64)
            frames.gather(held, starts[:count], ends[:count], count, out, offsets)
            messages += [out[a:b].tobytes() for a, b in pairwise(offsets)]
            carried = data[done:]
            assert len(carried) <= rules.longest + 8, "what is carried grows without bound"
        if not (state[frames.SKIP] or state[frames.SKIP_LINE]):
            messages.append(rules.remainder(carried))
        return [m for m in messages if m], [int(n) for n in state[frames.COUNTED :]]

    def run(data: bytes) -> None:
        if len(data) < 3:
            return
        how, step, stream = data[0], data[1] + 1, data[2:]
        mode = (frames.LINES_ONLY, frames.MIXED, frames.COUNTED_ONLY)[how % 3]
        rules = frames.FrameRules(
            mode=mode, trailer=(10, 0, 13)[how // 3 % 3], longest=8 if how & 64 else _SHORT
        )
        chunks = [stream[at : at + step] for at in range(0, len(stream), step)]
        assert deframe(chunks, rules) == deframe([stream], rules), "division changes messages"
        assert all(len(message) <= rules.longest + 8 for message in deframe(chunks, rules)[0])

    return run


def _prometheus() -> Run:
    from sensorium.ingest.prometheus import PrometheusConfig, PrometheusDecoder, Scrape
    from sensorium.model.signals import METRICS
    from sensorium.observe import Observe

    def run(data: bytes) -> None:
        observe = Observe()
        decoder = PrometheusDecoder(PrometheusConfig(max_samples_per_scrape=20), observe)
        scrape = Scrape(slabs.ARRIVAL_NS, "job", "host:9100", 200, data, 1_000_000)
        first, again = decoder.decode([scrape]), decoder.decode([scrape, scrape])
        whole(first, METRICS)
        whole(again, METRICS)
        assert rows([first, first]) == rows([again]), "other rows when layouts are known"
        dropped = total(observe, "sensorium_ingest_dropped_total")
        said = sum(
            1 for line in data.split(b"\n") if (text := line.strip(b" \t\r")) and text[:1] != b"#"
        )
        assert dropped % 3 == 0
        assert len(first) - 2 + dropped // 3 == said, "lines that are neither rows nor counted"

    return run


def _syslog_seeds(data: Path | None) -> Iterator[bytes]:
    from tests.ingest.syslog import lines

    samples = [
        b"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xef\xbb\xbf'su root'",
        b'<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 evntslog 8 - [a@1 b="c\\"d"][e f=""] x',
        b"<34>Oct 11 22:14:15 mymachine su[12]: 'su root' failed\n<13>next\n  trace",
        b"<189>45: 000123: *Mar  1 18:46:11.123 UTC: %SYS-5-CONFIG_I: Configured from console",
        b"<134>date=2026-01-02 time=03:04:05 devname=fw tz=+0100 type=traffic action=accept",
        b"<30>Dec  2 2026 16:31:03 host prog: message repeated 5 times: [ x]",
        *(text.encode() for text in vars(lines).values() if isinstance(text, str)),
    ]
    for sample in samples:
        yield slabs.pack([sample])
    for content in files(data, "syslog/telegraf/*/input.txt"):
        yield slabs.pack(re.split(rb"\n(?=<)", content[:2000]))
    for content in files(data, "loghub/*/*_2k.log"):
        yield slabs.pack(content[:500].split(b"\n"))


def _stream_seeds(data: Path | None) -> Iterator[bytes]:
    stream = b"<13>one\n8 <14>t\nwo<15>three\r\n\n5 <1>ab\n0 <2>zero\n16 <3>unfinished"
    for how in (0, 1, 2, 4, 7, 65, 66, 68):
        yield bytes([how, 6]) + stream
    yield b"\x01\x20" + b"200 <1>" + b"\xc3\xa4" * 98 + b"\n<13>" + b"\xe2\x82\xac" * 60 + b"\n"
    for content in files(data, "syslog/telegraf/*/input.txt"):
        yield b"\x01\x30" + content[:1500]


def _prometheus_seeds(data: Path | None) -> Iterator[bytes]:
    yield (
        b'# HELP a_total x\n# TYPE a_total counter\na_total{code="200",path="/\\"x\\\\"} 3 17\n'
        b'# TYPE h histogram\nh_bucket{le="+Inf"} 4\nh_sum 1e-3\nh_count 4\nb NaN\nc -Inf\n'
    )
    yield b'# TYPE x gauge\nx{a="b"} 1 1.5 # {trace="1"} 2 3\nx{a="",} 2\n# EOF\n'
    yield b'up 1\nup{job="x",job="y"} 1\n{} 1\nbad{ 1\nx\t 1\r\n1x 2\n\xff 1\n'


TARGETS = (
    Target("syslog", ("syslog.decoder",), _syslog, _syslog_seeds, (b"<13>", b"<34>1 ", b"\n<")),
    Target("syslog-stream", ("syslog.frames",), _stream, _stream_seeds, (b"\n", b"12 <1>")),
    Target(
        "prometheus", ("prometheus.decoder", "prometheus.scan"), _prometheus, _prometheus_seeds,
        (b"# TYPE ", b"# EOF", b"{le=\"", b"NaN", b"+Inf", b" counter\n"),
    ),
)  # fmt: skip

"""Syslog decoding: lines per second on one core, beside a regex parser and a copy of the bytes.

The lines are made here: half RFC 5424, half RFC 3164, in the shapes that sshd, nginx, cron, a
kernel and an application log. The peer is what a Python program would do with the standard
library: one compiled pattern per format and ``datetime``, giving a dict per line. The lines are
also taken out of a stream's frames, half counted and half ended by a line feed, in chunks as a
socket gives them. All read the same bytes, one after the other, in one thread.
"""

from __future__ import annotations

import random
import re
import time
from datetime import UTC, datetime
from typing import Any

import numpy as np

from benchmarks.report import Claim, arguments, median_seconds, report
from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.syslog import SyslogConfig, SyslogDecoder
from sensorium.ingest.syslog.frames import FrameRules, find_frames, gather, new_state
from sensorium.model.address import pack_address
from sensorium.observe import Observe

ARRIVAL_NS = 1_791_757_000 * 1_000_000_000
SLAB = 32_768
CHUNK = 1 << 20


def lines(count: int) -> list[bytes]:
    """``count`` lines, the same in every run."""
    rng = random.Random(7)
    return [(_modern if i % 2 else _legacy)(rng) for i in range(count)]


def _legacy(rng: random.Random) -> bytes:
    clock = f"Oct 11 22:{rng.randrange(60):02}:{rng.randrange(60):02} host{rng.randrange(40)}"
    address = f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}"
    text = rng.choice(
        (
            f"sshd[{rng.randrange(32768)}]: Failed password for invalid user admin from "
            f"{address} port {rng.randrange(65536)} ssh2",
            f"CRON[{rng.randrange(32768)}]: (root) CMD (test -x /usr/sbin/anacron || run-parts)",
            f"kernel: [{rng.random() * 9999:.6f}] eth0: link up, 1000 Mbps, full duplex",
        )
    )
    return f"<{rng.randrange(192)}>{clock} {text}".encode()


def _modern(rng: random.Random) -> bytes:
    clock = f"2026-10-11T22:{rng.randrange(60):02}:{rng.randrange(60):02}"
    head = f"{clock}.{rng.randrange(10**6):06}+02:00 web{rng.randrange(40)}.example.net"
    text = rng.choice(
        (
            f'nginx {rng.randrange(32768)} - - 10.0.3.{rng.randrange(256)} - "GET /items/'
            f'{rng.randrange(10**5)} HTTP/1.1" 200 {rng.randrange(10**5)}',
            f'shop {rng.randrange(32768)} ORDER [order@32473 id="{rng.randrange(10**6)}" '
            f'state="paid"] order placed in {rng.random():.3f} s',
        )
    )
    return f"<{rng.randrange(192)}>1 {head} {text}".encode()


def slabs(payloads: list[bytes]) -> list[Datagrams]:
    """One datagram a line, in slabs as a receiver hands them over."""
    sender = pack_address("10.0.0.1")
    parts = [payloads[i : i + SLAB] for i in range(0, len(payloads), SLAB)]
    return [
        Datagrams.of(part, arrival_ns=[ARRIVAL_NS] * len(part), src_addr=[sender] * len(part))
        for part in parts
    ]


_MODERN = re.compile(
    r"<(\d{1,3})>\d{1,3} (\S+) (\S+) (\S+) (\S+) (\S+) (-|(?:\[.*?\])+) ?(.*)", re.DOTALL
)
_LEGACY = re.compile(
    r"<(\d{1,3})>(\w{3} [ \d]\d \d\d:\d\d:\d\d) (\S+) ([^\s:\[]+)(?:\[(\d+)\])?: ?(.*)", re.DOTALL
)
_PARAMETER = re.compile(r'(\S+?)="((?:[^"\\]|\\.)*)"')


def parse_with_regex(payload: bytes) -> dict[str, Any]:
    """What the decoder gives, as straightforward Python gives it."""
    text = payload.decode("utf-8", "replace")
    match = _MODERN.match(text)
    if match:
        priority, stamp, host, app, process, msgid, data, body = match.groups()
        return {
            "time": datetime.fromisoformat(stamp),
            "facility": int(priority) >> 3,
            "severity": int(priority) & 7,
            "host": host,
            "app": app,
            "proc_id": process,
            "msgid": msgid,
            "data": dict(_PARAMETER.findall(data)),
            "body": body,
        }
    match = _LEGACY.match(text)
    if match is None:
        return {"body": text}
    priority, stamp, host, app, process, body = match.groups()
    return {
        "time": datetime.strptime(f"2026 {stamp}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC),
        "facility": int(priority) >> 3,
        "severity": int(priority) & 7,
        "host": host,
        "app": app,
        "proc_id": process,
        "body": body,
    }


def deframe(stream: np.ndarray[Any, np.dtype[np.uint8]]) -> int:
    """Take all messages out of a stream, a chunk at a time; how many there were."""
    rules, state, at, total = FrameRules(), new_state(), 0, 0
    starts, ends = np.empty((2, CHUNK // 2 + 1), np.int64)
    while at < len(stream):
        chunk = stream[at : at + CHUNK]
        count, done = find_frames(chunk, 0, len(chunk), rules.packed, state, starts, ends, 0)
        if done == 0:
            break
        size = int((ends[:count] - starts[:count]).sum())
        out, offsets = np.empty(size, np.uint8), np.empty(count + 1, np.int64)
        gather(chunk, starts[:count], ends[:count], count, out, offsets)
        at += done
        total += count
    return total


def framed(payloads: list[bytes]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The lines as one connection would bring them, both framings mixed."""
    pieces = [
        b"%d %s" % (len(payload), payload) if i % 4 < 2 else payload + b"\n"
        for i, payload in enumerate(payloads)
    ]
    return np.frombuffer(b"".join(pieces), np.uint8).copy()


def main() -> None:
    """Measure and report."""
    quick = arguments(__doc__).quick
    count = SLAB * (4 if quick else 16)
    payloads = lines(count)
    received = slabs(payloads)
    decoder = SyslogDecoder(SyslogConfig(), Observe())

    def ours() -> int:
        return sum(decoder.decode(slab).num_rows for slab in received)

    if ours() != count:
        raise SystemExit("a line was lost")
    repeats = 9 if quick else 15
    wall = median_seconds(ours, repeats=repeats)
    cpu = _median_cpu(ours, repeats)
    peer = median_seconds(
        lambda: [parse_with_regex(payload) for payload in payloads[:SLAB]], repeats=3
    ) * (count / SLAB)
    copies = [np.empty_like(slab.data) for slab in received]

    def copy() -> None:
        for target, slab in zip(copies, received, strict=True):
            np.copyto(target, slab.data)

    copied = median_seconds(copy, repeats=repeats)
    deframed = _deframing(payloads, repeats)
    size = sum(len(payload) for payload in payloads)
    print(f"{count:,} lines, {size / count:.0f} bytes each; {cpu / wall:.0%} of a core was ours")
    report(
        "Syslog to Arrow columns, one thread",
        [
            Claim(
                name="lines decoded",
                ours=count / wall,
                unit="lines/s",
                peer="regular expressions, standard library",
                peer_value=count / peer,
                goal=">= 5_000_000",
            ),
            Claim(
                name="lines decoded, per second of processor time",
                ours=count / cpu,
                unit="lines/s",
                peer="a copy of the same bytes",
                peer_value=count / copied,
            ),
            Claim(
                name="messages taken out of a stream's frames",
                ours=count / deframed,
                unit="messages/s",
                peer="decoding the same lines",
                peer_value=count / wall,
                goal=">= 1x",
            ),
            Claim(name="bytes decoded", ours=size / wall / 1e6, unit="MB/s"),
        ],
    )


def _deframing(payloads: list[bytes], repeats: int) -> float:
    """Seconds that it takes to get the lines out of a stream."""
    stream = framed(payloads)
    if deframe(stream) != len(payloads):
        raise SystemExit("a frame was lost")
    return median_seconds(lambda: deframe(stream), repeats=repeats)


def _median_cpu(work: Any, repeats: int) -> float:
    """As ``median_seconds``, of this process's processor time: what a busy machine leaves true."""
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return sorted(taken)[len(taken) // 2]


if __name__ == "__main__":
    main()

"""Exporters over UDP: the same flows again and again, with sequence numbers that go on."""

from __future__ import annotations

import random
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

RECORDS = 30
SAMPLES = 7
INTERFACE_VALUES = 19
"""What a sample of the generic interface counters becomes, in series."""

_DICE = random.Random(11)
_STARTED_S = time.monotonic()
_FIELDS = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (1, 4), (2, 4))
_TEMPLATE = struct.pack(">HH", 256, len(_FIELDS)) + b"".join(
    struct.pack(">HH", *one) for one in _FIELDS
)
_SERVICES = (22, 53, 80, 123, 443, 3306, 5432, 8080)

Build = Callable[[int, bytes], bytes]


def _uptime_ms() -> int:
    return int((time.monotonic() - _STARTED_S) * 1000) + 10_000_000


def _host(dice: random.Random, many: int) -> bytes:
    return bytes([10, 0, dice.randrange(2), dice.randrange(many)])


def _v5_records(dice: random.Random) -> bytes:
    made = b""
    for _ in range(RECORDS):
        ends = _host(dice, 120) + _host(dice, 20) + bytes(4)
        counters = struct.pack(">HHIIII", 1, 2, 9, dice.randrange(100, 9000), 9_000_000, 9_000_500)
        ports = struct.pack(">HH", dice.randrange(40_000, 40_200), dice.choice(_SERVICES))
        made += ends + counters + ports + struct.pack(">BBBBHHBBH", 0, 24, 6, 0, 0, 0, 24, 24, 0)
    return made


def _templated_records(dice: random.Random) -> bytes:
    made = b""
    for _ in range(RECORDS):
        ports = struct.pack(">HH", dice.randrange(40_000, 40_200), dice.choice(_SERVICES))
        counters = struct.pack(">BBII", 6, 24, dice.randrange(100, 9000), 9)
        made += _host(dice, 120) + _host(dice, 20) + ports + counters
    return struct.pack(">HH", 256, 4 + len(made)) + made


def _v5(number: int, records: bytes) -> bytes:
    times = (_uptime_ms(), int(time.time()), 0)
    return (
        struct.pack(">HHIIIIHH", 5, RECORDS, *times, number * RECORDS & 0xFFFFFFFF, 0, 0) + records
    )


def _v9(number: int, records: bytes) -> bytes:
    sets = records if number % 100 else _template_set(0) + records
    return struct.pack(">HHIIII", 9, 1, _uptime_ms(), int(time.time()), number, 0) + sets


def _ipfix(number: int, records: bytes) -> bytes:
    sets = records if number % 100 else _template_set(2) + records
    sequence = number * RECORDS & 0xFFFFFFFF
    return struct.pack(">HHIII", 10, 16 + len(sets), int(time.time()), sequence, 0) + sets


def _template_set(kind: int) -> bytes:
    return struct.pack(">HH", kind, 4 + len(_TEMPLATE)) + _TEMPLATE


def _sflow(number: int, _: bytes) -> bytes:
    """Seven packet samples and one of counters."""
    dice = random.Random(number % 64)
    samples = []
    for index in range(SAMPLES):
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 1480, 77, 0x4000, 63, 6, 0)
        ip += _host(dice, 120) + _host(dice, 20)
        tcp = struct.pack(">HHIIHHHH", 40_000 + index, 443, 1, 1, 0x5018, 9, 0, 0)
        frame = bytes(12) + struct.pack(">H", 0x0800) + ip + tcp
        header = struct.pack(">IIII", 1, 1518, 4, len(frame)) + frame + bytes(-len(frame) % 4)
        sequence = number * SAMPLES + index
        head = struct.pack(">IIIIIIII", sequence, 1, 1000, sequence * 1000 & 0xFFFFFFFF, 0, 1, 3, 1)
        samples.append(_opaque(1, head + _opaque(1, header)))
    interface = struct.pack(">IIQII", 3, 6, 10**10, 1, 3) + struct.pack(
        ">QIIIIIIQIIIIII", number * 1000, *([number & 0xFFFF] * 6), number * 900, *([number] * 6)
    )
    samples.append(_opaque(2, struct.pack(">III", number, 3, 1) + _opaque(1, interface)))
    head = struct.pack(">II4sIIII", 5, 1, b"\x7f\0\0\x01", 0, number, _uptime_ms(), len(samples))
    return head + b"".join(samples)


def _opaque(kind: int, body: bytes) -> bytes:
    return struct.pack(">II", kind, len(body)) + body


def _syslog(number: int, _: bytes) -> bytes:
    user, host = number % 37, number % 11
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return f"<86>1 {stamp} web{host} sshd {number % 999} - - Accepted key for u{user}".encode()


@dataclass(slots=True)
class Exporter:
    """One sender: ``each`` records in a datagram, ``burst`` datagrams a turn in the mean."""

    kind: str
    address: str
    port: int
    build: Build
    each: int
    burst: int
    bodies: Sequence[bytes] = (b"",)
    number: int = 0
    socket: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        """Open the socket that it sends from."""
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.address, 0))

    def turn(self) -> None:
        """Send what is due in a turn: now more, now less, as exporters do."""
        for _ in range(_DICE.randrange(2 * self.burst + 1)):
            body = _DICE.choice(self.bodies)
            self.socket.sendto(self.build(self.number, body), ("127.0.0.1", self.port))
            self.number += 1


def exporters(flows: int, syslog: int, burst: int) -> list[Exporter]:
    """All of them, sending to the port for flows and that for syslog."""
    made = []
    dice = random.Random(7)
    kinds = (("v5", _v5, _v5_records), ("v9", _v9, _templated_records))
    for index, (kind, build, records) in enumerate((*kinds, ("ipfix", _ipfix, _templated_records))):
        for one in range(4):
            bodies = [records(dice) for _ in range(16)]
            address = f"127.0.0.{20 + 10 * index + one}"
            made.append(Exporter(kind, address, flows, build, RECORDS, burst, bodies))
    made += [Exporter("sflow", "127.0.0.60", flows, _sflow, SAMPLES, burst)]
    made += [Exporter("syslog", f"127.0.0.{70 + n}", syslog, _syslog, 1, 5 * burst) for n in (0, 1)]
    return made

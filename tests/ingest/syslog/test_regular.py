"""The kernel for regular headers gives what the parser for all of them gives, or leaves it."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.parser import parse
from sensorium.ingest.syslog.regular import parse_regular

ARRIVALS = (
    1_791_757_000 * 10**9,  # October 2026
    1_767_225_600 * 10**9,  # the first of January 2026
    1_772_366_400 * 10**9,  # March 2026
    0,
    -1,
    2**62,
)
ODD_BYTES = b' \t:;[]<>%*.-+"=\\lmzZA0129\x00\x7f\x80\xbf\xef\xff'
# The first three of each are in order.
PRIORITIES = ("<0>", "<13>", "<165>", "<191>", "<192>", "<007>", "<>", "<1234>", "<1a>", "< 1>")
STAMPS = (
    *(
        "Oct 11 22:14:15",
        "Jan  1 00:00:00",
        "Dec 31 23:59:60",
        "Feb 29 12:00:00",
        "Feb  3 01:02:03",
    ),
    *("Oct  0 22:14:15", "Oct 32 22:14:15", "Apr 31 00:00:00", "Oct 1 22:14:15", "Oct 11 24:00:00"),
)
DATES = ("2026-10-11", "2024-02-29", "2261-12-31", "1970-01-01", "2023-02-29", "2262-01-01", "-")
FRACTIONS = ("", ".1", ".003", ".123456", ".12345678", ".123456789", ".1234567891", ".", ".x")
OFFSETS = ("Z", "+02:00", "-07:30", "+24:00", "+0200", "z", "", "+02:0x")
HOSTS = (
    *("host", "web7.example.net", "10.0.0.1", "2026", "UTC", "FW1", "Z", "+0100", "zoo", "last"),
    *(
        "a",
        "h:",
        "[::1]",
        "%A-1-B:",
        ":",
        "",
        "fe80::1",
        "CEST:",
        "-",
        "very-long-host-name.example",
        *(
            "From",
            "PM",
            "AM.5",
            "UTC+1",
            "GMT-01:30",
            '{"a":1}',
            "host\tx",
            "[10.0.0.1]",
            "a,b,c:",
            "a=b",
            "h,a=b",
        ),
    ),
)
TAGS = (
    *(
        "sshd[123]:",
        "kernel:",
        "a[]:",
        "a[1] ",
        "CRON[12345678901]:",
        "app",
        "[x]:",
        "x]:",
        "a[b c]:",
    ),
    *("message repeated 2 times", "%A-1-B:", "1d02h:", "*Oct 11", "a:b", "ü:", "su", "-", ""),
    *('{"a":', "a[1] :", "info a[1]:", "00077 a:", "su:'x'", "%%01A/5/B(s)[1]:x", "2001:db8::1:"),
)
BODIES = (
    *("text", "last message repeated 3 times", "message repeated 4 times: [x]", "%SYS-5-X: y", ""),
    *(
        "message of the day",
        "latest",
        "m",
        "a longer text of more than sixteen bytes, and then some",
        *("45: *Oct 11 22:14:15: %A-1-B: x", "2026 Oct 11 22:14:15: %A-1-B: x", "1d02h: %A-1-B: x"),
        *("*task: Oct 11 22:14:15: #A-1-B: x", "Oct 11 22:14:15 UTC: %A-1-B: x", "\ufefftext"),
        *("10.0.0.1 - - x", "123456789: %A-1-B: x", "July 11 22:14:15: %A-1-B: x", "A/1:Oct x"),
    ),
)
DATA = (
    *("-", '[a@1 b="c"]', '[a b="c"][d]', '[a b="\\]\\"" c="d"]', "[a", "-x", "[]", "x"),
    *("- \ufefftext", '[order@32473 id="1234567" state="paid in full, twice"]'),
)


def one_of(rng: random.Random, texts: tuple[str, ...]) -> str:
    """Mostly one of the first three."""
    return rng.choice(texts if rng.random() < 0.15 else texts[:3])


def legacy(rng: random.Random) -> str:
    pick = partial(one_of, rng)
    return f"{pick(PRIORITIES)}{pick(STAMPS)} {pick(HOSTS)} {pick(TAGS)} {pick(BODIES)}"


def modern(rng: random.Random) -> str:
    pick = partial(one_of, rng)
    stamp = f"{pick(DATES)}T22:14:1{rng.randrange(10)}{pick(FRACTIONS)}{pick(OFFSETS)}"
    fields = " ".join(pick(("-", "app", "1234", "", "a-name-that-is-long")) for _ in range(3))
    version = pick(("1", "1", "1", "2", "0", "12", ""))
    text = pick(BODIES)
    return f"{pick(PRIORITIES)}{version} {stamp} {pick(HOSTS)} {fields} {pick(DATA)} {text}"


def line(rng: random.Random) -> bytes:
    """A message in one of the two headers, in most of which something is out of order."""
    text = bytearray(rng.choice((legacy, modern))(rng).encode())
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        at = rng.randrange(len(text) + 1)
        text[at : at + rng.randrange(2)] = bytes([rng.choice(ODD_BYTES)])
    return bytes(text[: rng.randrange(len(text) + 1)] if rng.random() < 0.2 else text)


class Parsed:
    """What a parser is given to fill, all of it with content from before."""

    def __init__(self, count: int) -> None:
        self.rows = np.full(count * layout.WIDTH, -77, np.int32)
        self.extras = np.full(count * layout.EXTRA_WIDTH, -77, np.int32)
        self.times = np.full(count, -77, np.int64)
        self.local = np.ones(count, np.bool_)
        self.counts = np.zeros(layout.TOTALS, np.int64)

    def table(self) -> npt.NDArray[np.int32]:
        return self.rows.reshape(-1, layout.WIDTH)


def read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array


def check(messages: list[bytes], arrivals: list[int]) -> int:
    """Compare the two; how many messages were regular."""
    data = read_only(np.frombuffer(b"".join(messages), np.uint8))
    bounds = np.cumsum([0, *map(len, messages)])
    starts, ends = bounds[:-1].copy(), bounds[1:].copy()
    at = read_only(np.array(arrivals, np.int64))
    all_numbers, others = np.arange(len(messages)), np.empty(len(messages), np.int64)
    fast, slow = Parsed(len(messages)), Parsed(len(messages))
    rest = parse_regular(
        data, starts, ends, at, fast.rows, fast.times, fast.local, fast.counts, others
    )
    others = others[:rest]
    regular = np.setdiff1d(all_numbers, others)
    parse(
        *(data, starts, ends, at, all_numbers),
        *(slow.rows, slow.extras, slow.times, slow.local, slow.counts),
    )
    for number in regular[(fast.table() != slow.table())[regular].any(axis=1)].tolist():
        raise AssertionError((messages[number], fast.table()[number], slow.table()[number]))
    assert (fast.times[regular] == slow.times[regular]).all()
    assert (fast.local[regular] == slow.local[regular]).all()
    parse(
        *(data, starts, ends, at, others),
        *(fast.rows, fast.extras, fast.times, fast.local, fast.counts),
    )
    assert (fast.table() == slow.table()).all()
    assert fast.counts.tolist() == slow.counts.tolist()
    return len(regular)


@given(st.integers(0, 2**64))
def test_both_kernels_find_the_same(seed: int) -> None:
    rng = random.Random(seed)
    messages = [line(rng) for _ in range(200)]
    check(messages, [rng.choice(ARRIVALS) for _ in messages])


def test_usual_lines_are_regular() -> None:
    messages = [
        b"<34>Oct 11 22:14:15 mymachine su[230]: 'su root' failed for lonvick on /dev/pts/8",
        b"<30>Oct  1 22:14:15 10.0.0.1 kernel: eth0: link up",
        b"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 - An entry",
        b'<14>1 2003-10-11T22:14:15.123456789+02:00 h a 1 - [a@1 b="c"][d] \xef\xbb\xbftext',
    ]
    assert check(messages, [ARRIVALS[0]] * 4) == 4

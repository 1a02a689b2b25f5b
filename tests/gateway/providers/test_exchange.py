"""The reading of answers, byte for byte, without a socket."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.gateway.failure import CallFailedError, FailureKind
from sensorium.gateway.providers.http.exchange import Exchange
from tests.gateway.upstreams.raw import answer, chunked


class Wire:
    """Notes what the exchange asks of its connection."""

    def __init__(self) -> None:
        self.paused = False
        self.reusable: bool | None = None
        self.aborted = False

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def finished(self, *, reusable: bool, chunked: bool) -> None:
        assert self.reusable is None, "finished once"
        self.reusable = reusable

    def abort(self) -> None:
        self.aborted = True


def exchange(wire: Wire, limit: int = 1 << 20) -> Exchange:
    loop = asyncio.get_running_loop()
    return Exchange(wire, loop, first_byte_s=60, deadline=loop.time() + 60, limit=limit)


def read(*pieces: bytes, end: bool = False, limit: int = 1 << 20) -> tuple[Any, Wire]:
    """Status, headers and body (or the failure's kind and code) of an answer that came so."""

    async def scenario() -> tuple[Any, Wire]:
        wire = Wire()
        one = exchange(wire, limit)
        for piece in pieces:
            if not wire.aborted and wire.reusable is None:
                one.feed(piece)
        if end and not wire.aborted:
            one.ended(clean=True)
        if not (wire.aborted or one.done):
            one.cancel()
        try:
            await one.head()
            return (one.status, one.headers, await one.whole()), wire
        except CallFailedError as error:
            return (error.failure.kind, error.failure.code), wire

    return asyncio.run(scenario())


WHOLE = {
    "length": answer(b'{"a":1}'),
    "chunks": chunked(b"data: 1\n\n", b"data: 2\n\n", b"x" * 300),
    "chunk extensions and a trailer": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3;a=b\r\nabc\r\n0\r\nX-Late: 1\r\nSet-Cookie: a\r\n\r\n"
    ),
    "early hints": b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + answer(b"{}"),
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n" + answer(b"{}"),
    "no content": b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
    "repeated fields": b"HTTP/1.1 200 OK\r\nA: 1\r\nA: 2\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("name", WHOLE)
def test_an_answer_reads_the_same_wherever_its_bytes_are_divided(name: str) -> None:
    data = WHOLE[name]
    once, wire = read(data)
    assert once[0] in {200, 204}
    assert wire.reusable is True
    for at in range(1, len(data)):
        assert read(data[:at], data[at:])[0] == once
    assert read(*(data[i : i + 1] for i in range(len(data))))[0] == once


def test_fields_of_a_trailer_and_of_an_interim_answer_are_not_the_answers() -> None:
    assert read(WHOLE["chunk extensions and a trailer"])[0] == (
        200,
        {"transfer-encoding": "chunked"},
        b"abc",
    )
    assert "link" not in read(WHOLE["early hints"])[0][1]
    assert read(WHOLE["repeated fields"])[0][1]["a"] == "1, 2"


def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    data = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n"
    found, wire = read(data, end=True)
    assert found[2] == b"data: 1\n\n"
    assert wire.reusable is False


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "http"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", "http"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "http"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc", "http"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc", "http"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "http"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n", "http"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabXX", "http"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "http"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000, "too_large"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n", "http"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "too_large"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", "encoding"),
    ],
)
def test_what_is_not_a_clear_answer_is_refused_and_its_connection_closed(
    data: bytes, code: str
) -> None:
    found, wire = read(data)
    assert found == (FailureKind.PROTOCOL, code)
    assert wire.aborted
    assert wire.reusable is None


@pytest.mark.parametrize("divided", [False, True])
def test_an_answer_beyond_the_limit_is_refused_in_any_framing(divided: bool) -> None:
    for data in (
        chunked(*[b"x" * 100] * 50),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 900 + b"\r\n",
    ):
        size = 64 if divided else len(data)
        pieces = [data[i : i + size] for i in range(0, len(data), size)]
        assert read(*pieces, end=True, limit=2000)[0] == (FailureKind.PROTOCOL, "too_large")


@pytest.mark.parametrize(
    "extra", [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"garbage", b"H"]
)
def test_a_connection_that_says_more_than_was_asked_is_not_used_again(extra: bytes) -> None:
    found, wire = read(answer(b"{}") + extra)
    assert found[2] == b"{}"
    assert wire.reusable is False


def test_a_connection_that_is_to_be_closed_is_not_used_again() -> None:
    assert read(answer(b"{}", Connection="close"))[1].reusable is False
    assert read(answer(b"{}").replace(b"HTTP/1.1", b"HTTP/1.0"))[1].reusable is False


@pytest.mark.parametrize("cut", [1, 20, 60, 100])
def test_an_answer_that_is_cut_off_is_a_failure(cut: int) -> None:
    for data in (answer(b"x" * 100), chunked(b"x" * 200)):
        found, _ = read(data[:cut], end=True)
        assert found == (FailureKind.UNREACHABLE, "connection_reset")


def test_what_came_before_the_cut_is_handed_over_first() -> None:
    async def scenario() -> None:
        one = exchange(Wire())
        one.feed(chunked(b"first")[:-5])
        assert await one.piece() == b"first"
        one.feed(b"2\r\nse")
        one.ended(clean=False)
        assert await one.piece() == b"se"
        with pytest.raises(CallFailedError):
            await one.piece()

    asyncio.run(scenario())


def test_reading_pauses_while_nobody_takes_what_came() -> None:
    async def scenario() -> None:
        wire = Wire()
        one = exchange(wire)
        one.feed(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300_000)
        assert wire.paused
        assert len(await one.piece()) == 300_000
        assert not wire.paused
        one.feed(b"x" * 300_000)
        assert wire.paused
        collecting = asyncio.ensure_future(one.whole())
        await asyncio.sleep(0)
        assert not wire.paused
        one.feed(b"x" * 300_000)
        assert not wire.paused
        one.ended(clean=True)
        assert len(await collecting) == 600_000

    asyncio.run(scenario())


@given(st.binary(max_size=400), st.integers(0, 400))
def test_no_bytes_make_the_reader_raise_anything_but_a_failure(data: bytes, at: int) -> None:
    for begin in (
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ):
        whole = begin + data
        found, wire = read(whole[:at], whole[at:], end=True)
        assert found[0] == 200 or isinstance(found[0], FailureKind | int)
        assert wire.aborted or wire.reusable is not None

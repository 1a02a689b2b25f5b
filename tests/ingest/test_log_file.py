"""A log file is its lines, and what is indented belongs to the line before."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.log_file import is_log_file, log_messages
from sensorium.ingest.sniff import is_exposition


class InPieces(BytesIO):
    """A file that gives so many bytes at a time, whatever it is asked for."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self._size = size

    def read(self, _size: int | None = -1, /) -> bytes:
        return super().read(self._size)


def messages(content: bytes, size: int = 1 << 20) -> list[bytes]:
    return [
        slab.payload(number)
        for slab in log_messages(InPieces(content, size), 7)
        for number in range(len(slab))
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 1 << 20])
def test_a_message_begins_with_each_line_that_is_not_indented(size: int) -> None:
    assert messages(b"a\nb\n c\n\td\n\ne\r\n\r\nf", size) == [
        *(b"a", b"b\n c\n\td\n", b"e\r\n\r", b"f")
    ]
    assert messages(b" a\nb\n", size) == [b" a", b"b\n"]
    assert messages(b"", size) == []


@given(st.lists(st.sampled_from([b"a", b" ", b"\n", b"\r", b"\t", b"<"])), st.integers(1, 5))
def test_nothing_of_a_file_is_lost(parts: list[bytes], size: int) -> None:
    content = b"".join(parts)
    assert b"\n".join(messages(content, size)) == content
    assert messages(content, size) == messages(content)


def test_a_line_without_an_end_is_cut_and_kept() -> None:
    content = b"x" * (3 << 20)
    found = messages(content)
    assert b"".join(found) == content
    assert len(found) > 1


def test_what_has_priorities_or_is_no_text_is_read_otherwise() -> None:
    assert is_log_file(b"Jun 14 15:16:01 web1 sshd[7]: x\n")
    assert is_log_file(b"anything\n")
    assert not is_log_file(b"<13>Jun 14 15:16:01 web1 sshd[7]: x\n")
    assert not is_log_file(b"  <13>x")
    assert not is_log_file(b"a\0b")
    assert not is_log_file(b"\x00\x05")
    assert not is_log_file(b"")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"up 1", True),
        (b'up{job="a b"} 1 1700000000000\r\n', True),
        (b'{"go.gc",q="0"} 4.9e-05', True),
        (b"a +Inf # {trace=\"x\"} 1", True),
        (b"# TYPE a counter\na 1", True),
        (b'# COMMENT netdata "web1"\n\nup{job="a"} 1', True),
        (b"#Software: Microsoft IIS 10.0\n2026-06-14 15:16:01 GET / 200", False),
        (b"# nothing follows", False),
        (b"Jun 14 15:16:01 web1 sshd[7]: x", False),
        (b"info 3 users", False),
        (b"a 1.2.3.4", False),
    ],
)  # fmt: skip
def test_a_line_of_a_log_is_no_sample(line: bytes, expected: bool) -> None:
    assert is_exposition(line) is expected

"""Lines of text files, plain and gzip."""

from __future__ import annotations

import gzip
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.files import InputFileError
from sensorium.ingest.text_lines import LONGEST_LINE, TextLines


def read(content: bytes) -> tuple[list[str], TextLines]:
    reader = TextLines()
    return [line for block in reader.stream(BytesIO(content), "it") for line in block], reader


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r"))), st.booleans())
def test_lines_come_as_they_were_written(lines: list[str], packed: bool) -> None:
    content = "".join(f"{line}\n" for line in lines).encode()
    if not packed and content.startswith(b"\x1f\x8b"):
        return
    found, reader = read(gzip.compress(content) if packed else content)
    assert found == lines
    assert (reader.lines, reader.cut, reader.not_utf8) == (len(lines), 0, 0)


def test_the_last_line_needs_no_end_and_windows_ends_are_taken_off() -> None:
    assert read(b"a\r\n\r\n\0b")[0] == ["a", "", "\0b"]
    assert read(b"")[0] == []


def test_bytes_that_are_not_utf8_are_shown_as_such_and_counted() -> None:
    found, reader = read(b"a\xffb\nfine\n")
    assert found == ["a\ufffdb", "fine"]
    assert reader.not_utf8 == 1


@pytest.mark.parametrize("more", [0, 1, 3 * LONGEST_LINE])
def test_a_line_is_cut_at_the_longest_and_counted(more: int) -> None:
    found, reader = read(b"x" * (LONGEST_LINE + more) + b"\nnext")
    assert [len(line) for line in found] == [LONGEST_LINE, 4]
    assert reader.cut == (more > 0)


def test_a_line_is_cut_between_characters() -> None:
    found, _ = read(b"x" + "\u00e9".encode() * LONGEST_LINE)
    assert found == ["x" + "\u00e9" * ((LONGEST_LINE - 1) // 2)]


def test_what_came_before_the_damage_of_a_gzip_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(b"one\ntwo\nthree\n", mtime=0)[:-6])
    blocks = TextLines().file(path)
    assert next(blocks) == ["one", "two", "three"]
    with pytest.raises(InputFileError, match="log is packed by gzip and damaged"):
        next(blocks)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputFileError, match="cannot be read"):
            list(TextLines().file(path))

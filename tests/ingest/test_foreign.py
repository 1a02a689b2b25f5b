"""Files that are no telemetry are refused, and messages that look odd are not."""

from __future__ import annotations

import random
import sqlite3
import sys
import tarfile
from pathlib import Path

import pytest

from sensorium.ingest.decoding import FileDecoder
from sensorium.ingest.files import InputFileError
from sensorium.ingest.sniff import Protocol


def rows(path: Path, protocol: Protocol | None = None) -> int:
    return sum(batch.num_rows for batch in FileDecoder(protocol).file(path))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("png", "a PNG picture"),
        ("program", r"a program \(ELF\)"),
        ("tar.gz", "a tar archive: unpack it first"),
        ("sqlite", "an SQLite database"),
        ("random", "binary data"),
    ],
)
def test_what_is_no_telemetry_is_refused_and_named(kind: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / kind
    if kind == "png":
        path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1")
    elif kind == "program":
        with Path(sys.executable).open("rb") as program:
            path.write_bytes(program.read(4000))
        if path.read_bytes()[:4] != b"\x7fELF":
            pytest.skip("programs of this system are not ELF")
    elif kind == "tar.gz":
        with tarfile.open(path, "w:gz") as archive:
            archive.add(__file__, "test.py")
    elif kind == "sqlite":
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE t (a)")
        database.close()
    else:
        path.write_bytes(b"a" + random.Random(1).randbytes(5000))
    with pytest.raises(InputFileError, match=words):
        rows(path)
    assert rows(path, Protocol.SYSLOG) >= 1


@pytest.mark.parametrize(
    "message",
    [
        b"<34>Oct 11 22:14:15 h su: caf\xe9 na\xefve",
        b"<34>Oct 11 22:14:15 h su: \x00\x01\x02\x03\x04",
        b"Oct 11 22:14:15 h su: \x1b[31mred\x1b[0m \xe4\xf6\xfc \x07 a rather usual line",
    ],
)
def test_odd_letters_in_a_message_are_read(message: bytes, tmp_path: Path) -> None:
    (tmp_path / "message").write_bytes(message)
    assert rows(tmp_path / "message") == 1

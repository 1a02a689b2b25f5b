"""Packed files are read as what is in them, however they were packed."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from sensorium.ingest.decoding import FileDecoder
from sensorium.ingest.packed import PackedFileError, read_whole, unpacked
from tests.ingest.pcap import captures as c

CAPTURE = c.pcap(c.ethernet(c.ipv4(c.udp(b"<13>Nov 29 10:00:00 host app: hello", (5000, 514)))))
JSON = b'{"time_ns": 1, "body": "one"}\n' * 2000


def _zstd(content: bytes) -> bytes:
    return pa.compress(content, "zstd", asbytes=True)  # type: ignore[no-any-return]


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": _zstd,
}
packers = pytest.mark.parametrize("packer", PACKERS)


@packers
@pytest.mark.parametrize("content", [CAPTURE, JSON], ids=["capture", "JSON lines"])
def test_a_packed_file_decodes_to_what_it_holds(
    packer: str, content: bytes, tmp_path: Path
) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.write_bytes(content)
    packed.write_bytes(PACKERS[packer](content))
    decoded = [
        [batch.to_pylist() for batch in FileDecoder(None).file(path)] for path in (plain, packed)
    ]
    assert decoded[0] == decoded[1] != []
    decoder = FileDecoder(None)
    through_a_pipe = list(decoder.standard_input(packed.read_bytes()))
    assert sum(batch.num_rows for batch in through_a_pipe) == sum(map(len, decoded[0]))


@packers
def test_what_came_before_the_damage_is_read(packer: str) -> None:
    content = bytes(range(256)) * 40_000
    damaged = PACKERS[packer](content)[:-9]
    found = bytearray()

    def read() -> None:
        file = unpacked(io.BytesIO(damaged), "it")
        while block := file.read1(1 << 20):
            found.extend(block)

    with pytest.raises(PackedFileError, match=f"it is packed by {packer} and damaged"):
        read()
    assert content.startswith(found)
    assert len(found) > len(content) // 2


@packers
def test_more_than_fits_into_memory_is_refused(packer: str) -> None:
    bomb = io.BytesIO(PACKERS[packer](bytes(40 << 20)))
    with pytest.raises(PackedFileError, match="more than 1,048,576 bytes"):
        read_whole(bomb, "it", most=1 << 20)


@packers
def test_nothing_may_be_packed(packer: str) -> None:
    assert read_whole(io.BytesIO(PACKERS[packer](b"")), "it") == b""


def test_files_one_after_the_other_in_one_are_all_read() -> None:
    content = gzip.compress(b"one") + gzip.compress(b"two")
    assert read_whole(io.BytesIO(content), "it") == b"onetwo"


def test_what_is_not_packed_stays_as_it_is() -> None:
    for content in (b"", b"\x1f", b"BZ", b"BZhang said so, at length", b"plain"):
        assert read_whole(io.BytesIO(content), "it", most=1) == content

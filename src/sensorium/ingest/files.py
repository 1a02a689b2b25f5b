"""What a file is (capture, recording, bare payload), and the datagrams in it."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import UsageError
from sensorium.ingest.captured import Body, Spoken, read_capture
from sensorium.ingest.datagrams import LARGEST_DATAGRAM, Datagrams
from sensorium.ingest.ipfix_file import ipfix_messages
from sensorium.ingest.packed import read_whole, unpacked
from sensorium.ingest.pcap import PcapError, is_capture
from sensorium.ingest.recording import Recording, RecordingError
from sensorium.model.address import UNSPECIFIED
from sensorium.observe import Observe

if TYPE_CHECKING:
    import pyarrow as pa

_SLAB = 4096
_TRIED = (
    "a recording (a folder with manifest.json), pcap, pcapng, an IPFIX file, or one UDP payload, "
    "packed or not"
)


class FileKind(StrEnum):
    """What a path holds."""

    RECORDING = "recording"
    CAPTURE = "capture"
    PAYLOAD = "payload"


class InputFileError(UsageError):
    """A path that cannot be read, or that is nothing we know."""


def kind_of(path: Path) -> FileKind:
    """What a path holds, told by its content; InputFileError if it cannot be read."""
    if path.is_dir():
        return FileKind.RECORDING
    try:
        with path.open("rb") as file:
            start = unpacked(file, str(path)).read(4)
    except OSError as error:
        raise InputFileError(
            f"{path} cannot be read: {error.strerror}",
            next_step=f"Give a file or folder that is {_TRIED}.",
        ) from error
    return FileKind.CAPTURE if is_capture(start) else FileKind.PAYLOAD


def open_datagrams(path: Path | str, observe: Observe | None = None) -> Iterator[Datagrams]:
    """The datagrams of a capture, a recording, an IPFIX file, or one datagram's payload.

    Captures (without the bodies of HTTP in them) and recordings give them with source, ports and
    times; those of an IPFIX file arrived when they were exported, and a payload when the file was
    last written, both from a source that is unspecified (``::``). Decode several files with one
    decoder to let the templates of one serve the data of the next. InputFileError if the path is
    none of these; what is damaged inside is counted.
    """
    path = Path(path)
    kind = kind_of(path)
    if kind is FileKind.RECORDING:
        return slabs(_recorded(path))
    if kind is FileKind.CAPTURE:
        return _captured(path, observe or Observe())
    content, written_ns = read_file(path), path.stat().st_mtime_ns
    if (messages := ipfix_messages(content, written_ns, path.name)) is not None:
        return slabs(messages)
    if len(content) > LARGEST_DATAGRAM:
        raise InputFileError(
            f"{path} is nothing we know: it was tried as {_TRIED}; it has {len(content):,} bytes "
            f"and a payload at most {LARGEST_DATAGRAM:,}",
            next_step="Text is read whole with --protocol syslog or --protocol prometheus.",
        )
    return iter([payload_datagram(content, written_ns)])


def read_file(path: Path) -> bytes:
    """A file's bytes, unpacked; InputFileError if they cannot be read."""
    try:
        with path.open("rb") as file:
            return read_whole(file, str(path))
    except OSError as error:
        raise InputFileError(f"{path} cannot be read: {error.strerror}") from error


def read_captured(path: Path) -> memoryview:
    """A capture's bytes: of one that is not packed, as they are on disk and not in memory."""
    try:
        with path.open("rb") as file:
            if is_capture(file.read(4)):
                return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise InputFileError(f"{path} cannot be read: {error.strerror}") from error
    return memoryview(read_file(path))


def payload_datagram(content: bytes, arrival_ns: int) -> Datagrams:
    """One payload of unknown source."""
    return Datagrams.of([content], arrival_ns=[arrival_ns], src_addr=[UNSPECIFIED])


def open_capture(
    content: bytes | memoryview,
    name: str,
    observe: Observe,
    *,
    wanted: Callable[[Spoken], bool] | None = None,
    assume_syslog: bool = False,
) -> Iterator[Datagrams | Body]:
    """What :func:`~sensorium.ingest.captured.read_capture` gives; InputFileError if it is none."""
    try:
        yield from read_capture(content, observe, wanted=wanted, assume_syslog=assume_syslog)
    except PcapError as error:
        raise InputFileError(f"{name} is no capture: {error}") from error


def _captured(path: Path, observe: Observe) -> Iterator[Datagrams]:
    for found in open_capture(read_captured(path), str(path), observe):
        if isinstance(found, Datagrams):
            yield found


def _recorded(path: Path) -> Datagrams:
    try:
        return recorded_datagrams(Recording.open(path).datagrams())
    except RecordingError as error:
        raise InputFileError(str(error)) from error


def recorded_datagrams(table: pa.Table) -> Datagrams:
    """Recorded datagrams (``recording.schema.DATAGRAM_TABLE``) as one slab; payloads are shared."""
    if not table.num_rows:
        return Datagrams.of([], arrival_ns=[], src_addr=[])
    columns = {name: table.column(name).combine_chunks() for name in table.column_names}
    payload, source = columns["payload"], columns["src_addr"]
    starts = np.frombuffer(payload.buffers()[1], np.int32)
    starts = starts[payload.offset : payload.offset + len(payload) + 1]
    data = payload.buffers()[2]
    addresses = np.frombuffer(source.buffers()[1], np.uint8)[: 16 * (source.offset + len(source))]
    return Datagrams(
        arrival_ns=columns["arrival_ns"].to_numpy(),
        src_addr=addresses.reshape(-1, 16)[source.offset :],
        src_port=columns["src_port"].to_numpy(),
        dst_port=columns["dst_port"].to_numpy(),
        offsets=starts.astype(np.int64),
        data=np.zeros(0, np.uint8) if data is None else np.frombuffer(data, np.uint8),
    )


def slabs(datagrams: Datagrams) -> Iterator[Datagrams]:
    """A large slab in parts, so that what is decoded from it stays small."""
    for first in range(0, len(datagrams), _SLAB):
        yield datagrams.between(first, min(first + _SLAB, len(datagrams)))

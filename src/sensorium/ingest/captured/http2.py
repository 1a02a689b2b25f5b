"""HTTP/2 on a captured connection: the bodies of requests, and messages of gRPC (RFC 9113).

Only what clients send is read, from the connection's preface on: headers are packed with what was
said before, so that nothing can be read after a gap.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from hpack import Decoder, HPACKError
from hyperframe.exceptions import HyperframeError
from hyperframe.frame import ContinuationFrame, DataFrame, Frame, HeadersFrame, RstStreamFrame

from sensorium.ingest.captured.body import GRPC, Body
from sensorium.ingest.pcap import Ends

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_LARGEST: Final = 64 << 20
_LARGEST_TABLE: Final = 1 << 20
_MOST_STREAMS: Final = 4096
_FRAME_HEADER: Final = 9
_GRPC_HEADER: Final = 5


@dataclass(slots=True)
class _Stream:
    """A request under way."""

    headers: dict[str, str] = field(default_factory=dict)
    content: bytearray = field(default_factory=bytearray)

    @property
    def grpc(self) -> bool:
        return self.headers.get("content-type", "").startswith(GRPC)


class Http2Reader:
    """Reads the requests of one direction. ``fault`` says why nothing more can be read of it."""

    resumes = False

    def __init__(self, ends: Ends) -> None:
        self._ends = ends
        self._waiting = bytearray()
        self._begun = False
        self._decoder = Decoder()
        self._decoder.max_allowed_table_size = _LARGEST_TABLE
        self._streams: dict[int, _Stream] = {}
        self._block = bytearray()
        self._block_ends_stream = False
        self.fault = ""

    def read(self, time_ns: int, data: bytes) -> list[Body]:
        """The bodies, and messages of gRPC, that end in these bytes."""
        self._waiting += data
        found: list[Body] = []
        try:
            while frame := self._frame():
                found += self._taken(time_ns, frame)
        except (HyperframeError, HPACKError, UnicodeDecodeError, _MalformedError):
            self.fault = "malformed"
        return found

    def end(self, _time_ns: int, *, closed: bool) -> tuple[list[Body], str]:
        """Nothing is kept of requests that are not whole; whether there are any."""
        begun = any(stream.content for stream in self._streams.values())
        return [], "incomplete_message" if begun else ""

    def _frame(self) -> Frame | None:
        """The next frame that is whole."""
        waiting = self._waiting
        if not self._begun:
            if len(waiting) < len(PREFACE):
                return None
            if not waiting.startswith(PREFACE):
                raise _MalformedError
            del waiting[: len(PREFACE)]
            self._begun = True
        if len(waiting) < _FRAME_HEADER:
            return None
        frame, length = Frame.parse_frame_header(memoryview(bytes(waiting[:_FRAME_HEADER])))
        end = _FRAME_HEADER + length
        if len(waiting) < end:
            return None
        frame.parse_body(memoryview(bytes(waiting[_FRAME_HEADER:end])))
        del waiting[:end]
        return frame

    def _taken(self, time_ns: int, frame: Frame) -> list[Body]:
        if isinstance(frame, HeadersFrame | ContinuationFrame):
            self._block += frame.data
            if isinstance(frame, HeadersFrame):
                self._block_ends_stream = "END_STREAM" in frame.flags
            if len(self._block) > _LARGEST_TABLE:
                raise _MalformedError
            if "END_HEADERS" in frame.flags:
                return self._headers(time_ns, frame.stream_id)
        elif isinstance(frame, DataFrame):
            return self._data(time_ns, frame)
        elif isinstance(frame, RstStreamFrame):
            self._streams.pop(frame.stream_id, None)
        return []

    def _headers(self, time_ns: int, stream_id: int) -> list[Body]:
        # Each block must be unpacked, of whatever stream: the next refer to it.
        headers = dict(self._decoder.decode(bytes(self._block)))
        self._block.clear()
        stream = self._streams.get(stream_id)
        if stream is None:
            if len(self._streams) >= _MOST_STREAMS:
                del self._streams[next(iter(self._streams))]
            self._streams[stream_id] = _Stream({str(k): str(v) for k, v in headers.items()})
        return self._end(time_ns, stream_id) if self._block_ends_stream else []

    def _data(self, time_ns: int, frame: DataFrame) -> list[Body]:
        stream = self._streams.get(frame.stream_id)
        if stream is None:
            return []
        stream.content += frame.data
        if len(stream.content) > _LARGEST:
            raise _MalformedError
        found = self._messages(time_ns, stream) if stream.grpc else []
        return found + (self._end(time_ns, frame.stream_id) if "END_STREAM" in frame.flags else [])

    def _messages(self, time_ns: int, stream: _Stream) -> list[Body]:
        """The messages of gRPC that are whole: a flag, a length of four bytes, and so many."""
        found, content = [], stream.content
        while len(content) >= _GRPC_HEADER:
            end = _GRPC_HEADER + int.from_bytes(content[1:_GRPC_HEADER], "big")
            if len(content) < end:
                break
            encoding = stream.headers.get("grpc-encoding", "") if content[0] & 1 else ""
            headers = {"content-type": GRPC, "content-encoding": encoding}
            found.append(self._body(time_ns, stream, headers, bytes(content[_GRPC_HEADER:end])))
            del content[:end]
        return found

    def _end(self, time_ns: int, stream_id: int) -> list[Body]:
        stream = self._streams.pop(stream_id, None)
        if stream is None or stream.grpc or not stream.content:
            return []
        return [self._body(time_ns, stream, stream.headers, bytes(stream.content))]

    def _body(self, time_ns: int, stream: _Stream, headers: dict[str, str], content: bytes) -> Body:
        path = stream.headers.get(":path", "").partition("?")[0]
        ends = self._ends
        return Body(time_ns, ends.source, ends.source_port, path, 0, headers, content)


class _MalformedError(Exception):
    """What cannot be, or is larger than any that is taken."""

"""One direction of a captured connection: what is spoken, and what was said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from sensorium.ingest.captured.body import Body
from sensorium.ingest.captured.framed import Framed
from sensorium.ingest.captured.http1 import HttpReader
from sensorium.ingest.captured.http2 import Http2Reader
from sensorium.ingest.captured.spoken import NEEDED, Spoken, is_text, told, told_message
from sensorium.ingest.pcap import Ends, Part
from sensorium.ingest.sessions import Transport, new_session
from sensorium.ingest.transport.stream.config import SyslogStreamConfig
from sensorium.ingest.transport.stream.ipfix import IpfixStream
from sensorium.ingest.transport.stream.syslog import SyslogStream

_MESSAGES: Final = frozenset({Spoken.IPFIX, Spoken.NETFLOW, Spoken.SYSLOG})
_TEMPLATES: Final = frozenset({Spoken.IPFIX, Spoken.NETFLOW})
_IPFIX: Final = IpfixStream()
_SYSLOG: Final = SyslogStream(SyslogStreamConfig())


class _State(Enum):
    LISTENING = "listening"
    """The beginning was captured; too little of it has come to tell what is spoken."""
    READING = "reading"
    LOST = "lost"
    """Each segment is looked at anew, until one begins as a message does."""
    DEAF = "deaf"
    """What is spoken is not read."""


@dataclass(frozen=True, slots=True)
class Listener:
    """What is listened for, and who is told: what a connection speaks, and what was not used.

    ``wanted`` says whether a protocol is read; with ``assume_syslog`` a text is syslog to
    whatever port it was sent.
    """

    wanted: Callable[[Spoken], bool]
    speaks: Callable[[Spoken], None]
    unused: Callable[[str, str], None]
    assume_syslog: bool = False


class Reader(Protocol):
    """Reads what is spoken in one direction.

    ``fault`` says why nothing more can be read, else it is empty. ``resumes``: another can go on
    after a gap.
    """

    fault: str
    resumes: bool

    def read(self, time_ns: int, data: bytes, /) -> Sequence[bytes | Body]:
        """What ends in these bytes, which were captured then."""

    def end(self, time_ns: int, /, *, closed: bool) -> tuple[Sequence[bytes | Body], str]:
        """What is kept of that whose end is not there, unless all was ``closed``; what is odd."""


class Conversation:
    """Reads the parts of one direction. ``session`` is its number where it has messages."""

    def __init__(self, ends: Ends, listener: Listener) -> None:
        self._ends = ends
        self._listener = listener
        self._state = _State.LISTENING
        self._spoken: Spoken | None = None
        self._start = b""
        self._heard = False
        self._reader: Reader | None = None
        self.session = 0

    def read(self, part: Part) -> list[bytes | Body]:
        """What a part makes whole: messages, and bodies of HTTP."""
        if part.message:
            return self._message(part)
        self._heard = self._heard or len(part.data) > 0
        said = self._interrupted(part) if part.gap else []
        if self._state is _State.DEAF:
            return said
        data = self._start + bytes(part.data)
        if self._state is _State.LISTENING and len(data) < NEEDED and not part.ended:
            self._start = data
            return said
        self._start = b""
        if data and self._state is not _State.READING:
            self._tell(data)
        if data and self._state is _State.READING:
            said += self._taken(part.time_ns, data)
        if part.ended:
            said += self._interrupted(part)
            if self._heard and self._spoken is None:
                self._speak(Spoken.UNKNOWN)
        return said

    @property
    def has_templates(self) -> bool:
        """Whether a decoder has to know when it ends."""
        return self.session != 0 and self._spoken in _TEMPLATES

    def _message(self, part: Part) -> list[bytes | Body]:
        if part.ended:
            return []
        message = bytes(part.data)
        if self._spoken is None:
            self._speak(told_message(message), Transport.SCTP)
        return [message] if self.session else []

    def _tell(self, data: bytes) -> None:
        """Find out what is spoken, and go on to read it where it is wanted."""
        spoken = told(data, self._ends.destination_port)
        if spoken is Spoken.UNKNOWN and self._listener.assume_syslog and is_text(data):
            spoken = Spoken.SYSLOG
        if spoken is Spoken.UNKNOWN and self._state is _State.LOST:
            return
        self._speak(spoken)
        self._reader = self._reader_of(spoken, data) if self._listener.wanted(spoken) else None
        self._state = _State.DEAF if self._reader is None else _State.READING

    def _speak(self, spoken: Spoken, transport: Transport = Transport.TCP) -> None:
        if self._spoken is None:
            self._listener.speaks(spoken)
        self._spoken = spoken
        if spoken in _MESSAGES and not self.session and self._listener.wanted(spoken):
            self.session = new_session(transport)

    def _reader_of(self, spoken: Spoken, start: bytes) -> Reader | None:
        if spoken is Spoken.IPFIX:
            return Framed(_IPFIX)
        if spoken is Spoken.SYSLOG:
            return Framed(_SYSLOG)
        if spoken is Spoken.HTTP:
            return HttpReader(self._ends, start)
        return Http2Reader(self._ends) if spoken is Spoken.HTTP2 else None

    def _taken(self, time_ns: int, data: bytes) -> list[bytes | Body]:
        reader = self._reader
        assert reader is not None
        said = list(reader.read(time_ns, data))
        if reader.fault:
            self._listener.unused(self._name, reader.fault)
            self._lose()
        return said

    def _interrupted(self, part: Part) -> list[bytes | Body]:
        """What is kept of a message whose end is missing; what follows is looked at anew."""
        said: list[bytes | Body] = []
        if self._reader is not None:
            kept, reason = self._reader.end(part.time_ns, closed=part.closed)
            said += kept
            if reason:
                self._listener.unused(self._name, reason)
        if self._state is not _State.DEAF:
            self._lose()
        return said

    def _lose(self) -> None:
        resumes = self._reader is None or self._reader.resumes
        self._reader = None
        self._state = _State.LOST if resumes else _State.DEAF

    @property
    def _name(self) -> str:
        return str(self._spoken or Spoken.UNKNOWN)

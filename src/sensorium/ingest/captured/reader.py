"""A capture as what decoders take: slabs of datagrams and messages, and bodies of HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sensorium.ingest.captured.body import Body
from sensorium.ingest.captured.conversation import Conversation, Listener
from sensorium.ingest.captured.spoken import Spoken
from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.pcap import Datagram, Ends, Part, read_packets
from sensorium.observe import Observe

SLAB_MESSAGES = 4096
_SLAB_BYTES = 16 << 20


class _Slab:
    """Messages on their way into columns."""

    def __init__(self) -> None:
        self._times: list[int] = []
        self._ends: list[Ends] = []
        self._payloads: list[bytes] = []
        self._sessions: list[int] = []
        self._bytes = 0

    def add(self, time_ns: int, ends: Ends, payload: bytes, session: int = 0) -> None:
        self._times.append(time_ns)
        self._ends.append(ends)
        self._payloads.append(payload)
        self._sessions.append(session)
        self._bytes += len(payload)

    @property
    def full(self) -> bool:
        return len(self._times) >= SLAB_MESSAGES or self._bytes >= _SLAB_BYTES

    def datagrams(self) -> Datagrams:
        return Datagrams.of(
            self._payloads,
            arrival_ns=self._times,
            src_addr=[ends.source for ends in self._ends],
            src_port=[ends.source_port for ends in self._ends],
            dst_port=[ends.destination_port for ends in self._ends],
            session=self._sessions if any(self._sessions) else None,
        )

    def __len__(self) -> int:
        return len(self._times)


def read_capture(
    data: bytes | memoryview,
    observe: Observe,
    *,
    wanted: Callable[[Spoken], bool] | None = None,
    assume_syslog: bool = False,
) -> Iterator[Datagrams | Body]:
    """What a capture holds, in the order in which it became whole.

    Datagrams are those of UDP, without a session, the messages of IPFIX and syslog on TCP
    connections, and those of SCTP, with one; arrival is the time of capture. Bodies are those of
    HTTP. Of connections only those are read that speak a ``wanted`` protocol, by default all.
    ``assume_syslog``: a text on a TCP connection is syslog, whatever its port.

    PcapError if the bytes are no capture; past its header nothing raises. Packets are counted in
    ``sensorium_capture_packets_total`` by outcome, directions of connections in
    ``sensorium_capture_streams_total`` by what is spoken, and what is missing of them in
    ``sensorium_capture_gaps_total``.
    """
    streams = observe.counter(
        "sensorium_capture_streams",
        "Directions of captured connections that carried something, by what is spoken",
        ("protocol",),
    )
    gaps = observe.counter(
        "sensorium_capture_gaps", "Places in captured connections where the capture has nothing"
    )
    dropped = observe.counter(
        "sensorium_ingest_dropped", "Input not used, by protocol and reason", ("protocol", "reason")
    )
    listener = Listener(
        wanted or (lambda _: True),
        lambda spoken: streams.labels(spoken).inc(),
        lambda protocol, reason: dropped.labels(protocol, reason).inc(),
        assume_syslog,
    )
    slab, open_ = _Slab(), dict[int, Conversation]()
    for carried in read_packets(data, observe):
        if isinstance(carried, Datagram):
            slab.add(carried.time_ns, carried.ends, bytes(carried.payload))
        else:
            gaps.inc(carried.gap and carried.number in open_)
            yield from _said(carried, open_, listener, slab)
        if slab.full:
            yield slab.datagrams()
            slab = _Slab()
    if len(slab):
        yield slab.datagrams()


def _said(
    part: Part, open_: dict[int, Conversation], listener: Listener, slab: _Slab
) -> Iterator[Body]:
    """Put the messages that a part makes whole into the slab; the bodies that it does."""
    conversation = open_.get(part.number)
    if conversation is None:
        conversation = open_[part.number] = Conversation(part.ends, listener)
    for said in conversation.read(part):
        if isinstance(said, Body):
            yield said
        else:
            slab.add(part.time_ns, part.ends, said, conversation.session)
    if part.ended:
        del open_[part.number]
        if conversation.has_templates:
            slab.add(part.time_ns, part.ends, b"", conversation.session)

"""An exporter made of libfixbuf, the IPFIX library of YAF and SiLK, which writes what we could not
invent: structured data (RFC 6313), elements that describe themselves (RFC 5610), IPFIX files.

Run as a program, ``fixbuf.py file PATH`` or ``fixbuf.py tcp|udp PORT``, in a process of its own:
it calls C with structures of its own making.
"""

from __future__ import annotations

import ctypes as c
import sys
from typing import Any

LIBRARY = "libfixbuf.so.9"
RECORDS = 40
FIRST_MS = 1_764_500_000_000
DOMAIN = 77
LONG_NAME = 3
"""The record whose name is longer than a length of one octet can say."""

_PEN = 64_999
_VARIABLE = 65_535
_ENDIAN = 1
_TYPE_INFORMATION = 0xD100
_TRANSPORTS = {"tcp": 1, "udp": 2}


class _Error(c.Structure):
    _fields_ = (("domain", c.c_uint32), ("code", c.c_int), ("message", c.c_char_p))


class _Specifier(c.Structure):
    _fields_ = (("name", c.c_char_p), ("length", c.c_uint16), ("flags", c.c_uint32))


class _Element(c.Structure):
    _fields_ = (
        *(("name", c.c_char_p), ("index", c.c_uint32), ("pen", c.c_uint32), ("id", c.c_uint16)),
        *(("length", c.c_uint16), ("flags", c.c_uint32), ("least", c.c_uint64)),
        *(("most", c.c_uint64), ("type", c.c_uint8), ("description", c.c_char_p)),
    )


class _Text(c.Structure):
    _fields_ = (("length", c.c_size_t), ("start", c.c_void_p))


class _BasicList(c.Structure):
    _fields_ = (
        *(("element", c.c_void_p), ("start", c.c_void_p), ("count", c.c_uint16)),
        *(("length", c.c_uint16), ("semantic", c.c_uint8)),
    )


class _TemplateList(c.Structure):
    _fields_ = (
        *(("length", c.c_uint64), ("template", c.c_void_p), ("start", c.c_void_p)),
        *(("id", c.c_uint16), ("count", c.c_uint16), ("semantic", c.c_uint8)),
    )


class _MultiList(c.Structure):
    _fields_ = (("first", c.c_void_p), ("count", c.c_uint16), ("semantic", c.c_uint8))


class _Connection(c.Structure):
    _fields_ = (
        *(("transport", c.c_int), ("host", c.c_char_p), ("service", c.c_char_p)),
        *((f"unused_{n}", c.c_void_p) for n in range(6)),
    )


class _Event(c.Structure):
    _fields_ = (("event", c.c_uint8), ("padding", c.c_uint8 * 7), ("application", _Text))


class _Flow(c.Structure):
    _fields_ = (
        *(("start_ms", c.c_uint64), ("end_ms", c.c_uint64), ("src", c.c_uint32)),
        *(("dst", c.c_uint32), ("src_port", c.c_uint16), ("dst_port", c.c_uint16)),
        *(("proto", c.c_uint8), ("padding", c.c_uint8 * 3), ("octets", c.c_uint64)),
        *(("packets", c.c_uint64), ("load", c.c_uint32), ("more_padding", c.c_uint8 * 4)),
        *(("name", _Text), ("ports", _BasicList), ("events", _TemplateList), ("mixed", _MultiList)),
    )


FLOW = (
    *(("flowStartMilliseconds", 8), ("flowEndMilliseconds", 8), ("sourceIPv4Address", 4)),
    *(("destinationIPv4Address", 4), ("sourceTransportPort", 2), ("destinationTransportPort", 2)),
    *(("protocolIdentifier", 1), ("paddingOctets", 3), ("octetDeltaCount", 8)),
    *(("packetDeltaCount", 8), ("sensorLoad", 4), ("paddingOctets", 4)),
    *(("sensorName", _VARIABLE), ("basicList", _VARIABLE)),
    *(("subTemplateList", _VARIABLE), ("subTemplateMultiList", _VARIABLE)),
)
EVENT = (("natEvent", 1), ("paddingOctets", 7), ("applicationName", _VARIABLE))
NUMBER = (("flowId", 8),)


def sensor_name(number: int) -> str:
    """The name that a record has."""
    return f"sensor-{number}" + "x" * (300 if number == LONG_NAME else 0)


class Exporter:
    """Templates 1000 (flows), 1001 (events) and 1002 (numbers), and records of the first."""

    def __init__(self, where: str, target: str) -> None:
        # libfixbuf leaves it to its user to bring GLib.
        c.CDLL("libglib-2.0.so.0", mode=c.RTLD_GLOBAL)
        self._library = c.CDLL(LIBRARY)
        self._error = c.POINTER(_Error)()
        self._model = self._pointer("fbInfoModelAlloc")
        self._kept: list[Any] = [
            _Element(b"sensorName", 0, _PEN, 7, _VARIABLE, 0, 0, 0, 13, b"who saw it"),
            _Element(b"sensorLoad", 0, _PEN, 8, 4, _ENDIAN, 0, 0, 3, b"how busy that was"),
        ]
        for element in tuple(self._kept):
            self._library.fbInfoModelAddElement(c.c_void_p(self._model), c.byref(element))
        self._session = self._pointer("fbSessionAlloc", c.c_void_p(self._model))
        session = c.c_void_p(self._session)
        self._library.fbSessionSetDomain(session, DOMAIN)
        self._checked("fbSessionSetMetadataExportElements", session, 1, _TYPE_INFORMATION)
        self._event, self._number = self._template(EVENT), self._template(NUMBER)
        templates = {1000: FLOW, 1001: EVENT, 1002: NUMBER}
        for number, fields in templates.items():
            own = {1001: self._event, 1002: self._number}.get(number) or self._template(fields)
            for inside, template in ((1, own), (0, self._template(fields))):
                self._checked("fbSessionAddTemplate", session, inside, number, template)
        self._buffer = c.c_void_p(
            self._pointer("fBufAllocForExport", session, self._target(where, target))
        )
        self._checked("fbSessionExportTemplates", session)
        for name in ("fBufSetInternalTemplate", "fBufSetExportTemplate"):
            self._checked(name, self._buffer, 1000)

    def _pointer(self, name: str, *arguments: Any) -> int:
        function = self._library[name]
        function.restype = c.c_void_p
        return int(function(*arguments))

    def _checked(self, name: str, *arguments: Any) -> None:
        if not self._library[name](*arguments, c.byref(self._error)):
            raise RuntimeError(self._error.contents.message.decode())

    def _target(self, where: str, target: str) -> c.c_void_p:
        if where == "file":
            return c.c_void_p(self._pointer("fbExporterAllocFile", target.encode()))
        connection = _Connection(_TRANSPORTS[where], b"127.0.0.1", target.encode())
        return c.c_void_p(self._pointer("fbExporterAllocNet", c.byref(connection)))

    def _template(self, fields: tuple[tuple[str, int], ...]) -> c.c_void_p:
        specifiers = [_Specifier(name.encode(), length, 0) for name, length in fields]
        array = (_Specifier * (len(fields) + 1))(*specifiers)
        template = c.c_void_p(self._pointer("fbTemplateAlloc", c.c_void_p(self._model)))
        self._checked("fbTemplateAppendSpecArray", template, array, c.c_uint32(0xFFFFFFFF))
        return template

    def _text(self, text: str) -> _Text:
        held = c.create_string_buffer(text.encode())
        self._kept.append(held)
        return _Text(len(held.raw) - 1, c.addressof(held))

    def _events(self, at: int, events: list[tuple[int, str]]) -> None:
        for event, (kind, application) in zip((_Event * len(events)).from_address(at), events,
                                              strict=True):  # fmt: skip
            event.event, event.application = kind, self._text(application)

    def append(self, number: int) -> None:
        """Export one flow."""
        flow = _Flow(FIRST_MS + number, FIRST_MS + 1000 + number, 0x0A000001 + number, 0x0A000101)
        flow.src_port, flow.dst_port, flow.proto = 40_000 + number, 443, 6
        flow.octets, flow.packets, flow.load = 1000 + number, 10, number
        flow.name = self._text(sensor_name(number))
        model, ports = c.c_void_p(self._model), b"destinationTransportPort"
        element = c.c_void_p(self._pointer("fbInfoModelGetElementByName", model, ports))
        at = self._pointer("fbBasicListInit", c.byref(flow.ports), 3, element, 2)
        (c.c_uint16 * 2).from_address(at)[:] = [80, 8000 + number]
        at = self._pointer("fbSubTemplateListInit", c.byref(flow.events), 4, 1001, self._event, 2)
        self._events(at, [(4, "dns"), (5, "")])
        self._pointer("fbSubTemplateMultiListInit", c.byref(flow.mixed), 0, 2)
        entry = self._entry(flow, 0)
        at = self._pointer("fbSubTemplateMultiListEntryInit", entry, 1001, self._event, 1)
        self._events(at, [(4, "http")])
        entry = self._entry(flow, 1)
        at = self._pointer("fbSubTemplateMultiListEntryInit", entry, 1002, self._number, 2)
        (c.c_uint64 * 2).from_address(at)[:] = [number, number + 1]
        self._checked("fBufAppend", self._buffer, c.byref(flow), c.c_size_t(c.sizeof(flow)))

    def _entry(self, flow: _Flow, index: int) -> c.c_void_p:
        name = "fbSubTemplateMultiListGetIndexedEntry"
        return c.c_void_p(self._pointer(name, c.byref(flow.mixed), index))

    def close(self) -> None:
        """Send what is held and end."""
        self._checked("fBufEmit", self._buffer)
        self._library.fBufFree(self._buffer)


if __name__ == "__main__":
    exporter = Exporter(sys.argv[1], sys.argv[2])
    for record in range(RECORDS):
        exporter.append(record)
    exporter.close()

"""A slow, obvious decoder: one record at a time, one field at a time, from the RFCs' text."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import Any

from tests.ingest.netflow.oracle_rows import (
    COLUMNS,
    LONGEST,
    REVERSE,
    Fields,
    Row,
    RowMaker,
    Values,
    numbered,
    unsigned,
)
from tests.ingest.netflow.oracle_text import attributes

V9_SCOPE = 0xFFFFFFFF


_FIRST = (
    *((8, 4, 0), (12, 4, 0), (15, 4, 0), (10, 2, 0), (14, 2, 0), (2, 4, 0)),
    *((1, 4, 0), (22, 4, 0), (21, 4, 0), (7, 2, 0), (11, 2, 0)),
)
_ROUTES = ((16, 2, 0), (17, 2, 0), (9, 1, 0), (13, 1, 0))
_LIKE_V5 = ((6, 1, 0), (4, 1, 0), (5, 1, 0), *_ROUTES)
_V7_ONLY = [(0x10000 + number, length, V9_SCOPE) for number, length in enumerate((1, 2, 4))]

FORMS: dict[int, tuple[int, int, Fields]] = {
    1: (16, 24, [*_FIRST, (0, 2, 0), (4, 1, 0), (5, 1, 0), (6, 1, 0), (0, 7, 0)]),
    5: (24, 30, [*_FIRST, (0, 1, 0), *_LIKE_V5, (0, 2, 0)]),
    7: (24, 27, [*_FIRST, _V7_ONLY[0], *_LIKE_V5, *_V7_ONLY[1:]]),
}
"""Bytes of the header, most records and fields of a record, by version."""

_FLOWS = ((3, 4, 0), (2, 4, 0), (1, 4, 0), (22, 4, 0), (21, 4, 0))
_PAIR = ((44, 4, 0), (45, 4, 0), (13, 1, 0), (9, 1, 0))
_LINKS = ((16, 2, 0), (17, 2, 0), (10, 2, 0), (14, 2, 0))
_ENDS = ((7, 2, 0), (11, 2, 0), (10, 2, 0), (14, 2, 0))
_CATALYST = ((0x10003, 4, V9_SCOPE), (0x10002, 4, V9_SCOPE))
V8: dict[int, Fields] = {
    1: [*_FLOWS, *_LINKS],
    2: [*_FLOWS, (4, 1, 0), (0, 1, 0), (0, 2, 0), *_ENDS[:2]],
    3: [*_FLOWS, (44, 4, 0), (9, 1, 0), (0, 1, 0), (16, 2, 0), (10, 2, 0), (0, 2, 0)],
    4: [*_FLOWS, (45, 4, 0), (13, 1, 0), (0, 1, 0), (17, 2, 0), (14, 2, 0), (0, 2, 0)],
    5: [*_FLOWS, *_PAIR, (0, 2, 0), *_LINKS],
    6: [(12, 4, 0), *_FLOWS[1:], (14, 2, 0), (5, 1, 0), (55, 1, 0), *_CATALYST],
    7: [(12, 4, 0), (8, 4, 0), *_FLOWS[1:], (14, 2, 0), (10, 2, 0), (5, 1, 0), (55, 1, 0),
        (0, 2, 0), *_CATALYST],
    8: [(12, 4, 0), (8, 4, 0), (11, 2, 0), (7, 2, 0), *_FLOWS[1:], (14, 2, 0), (10, 2, 0),
        (5, 1, 0), (4, 1, 0), (55, 1, 0), (0, 1, 0), *_CATALYST],
    9: [*_FLOWS, *_LINKS, (5, 1, 0), (0, 1, 0), (0, 2, 0)],
    10: [*_FLOWS, (4, 1, 0), (5, 1, 0), (0, 2, 0), *_ENDS],
    11: [*_FLOWS, (44, 4, 0), (9, 1, 0), (5, 1, 0), (16, 2, 0), (10, 2, 0), (0, 2, 0)],
    12: [*_FLOWS, (45, 4, 0), (13, 1, 0), (5, 1, 0), (17, 2, 0), (14, 2, 0), (0, 2, 0)],
    13: [*_FLOWS, *_PAIR, (5, 1, 0), (0, 1, 0), *_LINKS],
    14: [*_FLOWS, *_PAIR, (5, 1, 0), (4, 1, 0), *_ENDS],
}  # fmt: skip
"""Fields of a record of NetFlow v8, by aggregation."""


def form(payload: bytes) -> tuple[int, int, Fields] | None:
    """As in :data:`FORMS`, for this datagram; None where it has templates, or is cut or none."""
    version = unsigned(payload[:2]) if len(payload) >= 2 else 0
    if version == 8 and len(payload) >= 28 and payload[22] in V8:
        fields = V8[payload[22]]
        return 28, 1444 // sum(length for _, length, _ in fields), fields
    found = FORMS.get(version)
    return found if found and len(payload) >= found[0] else None


class OverrunError(Exception):
    """A value is longer than its set, so that its IPFIX message is malformed."""


class Oracle:
    """Decodes as the fast decoder does, without its limits."""

    def __init__(self) -> None:
        self.templates: dict[Any, tuple[Fields, bool, int]] = {}
        self.rates: dict[Any, dict[Any, int]] = {}
        self.boot_ms: dict[Any, int] = {}
        self.pending: dict[Any, list[tuple[Row, bytes]]] = {}
        self.wide_rates: dict[Any, dict[Any, int]] = {}
        self.options_records = 0
        self.replayed = False

    def decode(self, payload: bytes, arrival_ns: int, exporter: bytes, port: int = 0) -> list[Row]:
        version = unsigned(payload[:2]) if len(payload) >= 2 else 0
        head: Row = {"time_received_ns": arrival_ns, "sampler_address": exporter, "port": port}
        fixed = form(payload)
        if fixed is not None:
            return self._recorded(payload, version, fixed, head)
        if version == 9 and len(payload) >= 20:
            _, _, uptime, export, sequence, domain = struct.unpack_from(">HHIIII", payload)
            head |= {"type": "NETFLOW_V9", "uptime": uptime}
            at, end = 20, len(payload)
        elif version == 10 and len(payload) >= 16:
            _, length, export, sequence, domain = struct.unpack_from(">HHIII", payload)
            head |= {"type": "IPFIX", "uptime": None}
            at, end = 16, min(length, len(payload))
        else:
            return []
        head |= {
            "export_ns": export * 10**9 or arrival_ns,
            "sequence_num": sequence,
            "observation_domain_id": domain,
        }
        sets = []
        while end - at >= 4:
            set_id, length = struct.unpack_from(">HH", payload, at)
            if length < 4 or at + length > len(payload):
                break
            sets.append((set_id, payload[at + 4 : at + length]))
            at += length
        return self._sets(head, sets)

    def _sets(self, head: Row, sets: list[tuple[int, bytes]]) -> list[Row]:
        """What is found up to a malformed set is not used, unless older data had waited for it."""
        rows: list[Row] = []
        kept, options = 0, self.options_records
        for set_id, body in sets:
            self.replayed = False
            try:
                rows += self._set(head, set_id, body)
            except OverrunError:
                self.options_records = options
                return rows[:kept]
            if self.replayed:
                kept, options = len(rows), self.options_records
        return rows

    def _recorded(
        self, payload: bytes, version: int, fixed: tuple[int, int, Fields], head: Row
    ) -> list[Row]:
        header, most, fields = fixed
        count, uptime, seconds, nanoseconds = struct.unpack_from(">HIII", payload, 2)
        export_ns = seconds * 10**9 + nanoseconds if seconds else head["time_received_ns"]
        head |= {
            "type": f"NETFLOW_V{version}", "uptime": uptime, "export_ns": export_ns,
            "sequence_num": unsigned(payload[16:20]) if version > 1 else 0,
            "observation_domain_id": unsigned(payload[20:22]) if version in (5, 8) else 0,
        }  # fmt: skip
        if version == 8:
            head["observation_domain_id"] += payload[22] * 65536
        length = sum(length for _, length, _ in fields)
        room = (len(payload) - header) // length
        if count > room:
            count = 0 if count > most else room
        rows = self._records(head, fields, payload[header : header + length * count])
        for row in rows:
            row["sampling_rate"] = unsigned(payload[22:24]) & 0x3FFF if version == 5 else 0
        return rows

    def _key(self, head: Row) -> Any:
        return head["sampler_address"], head["type"], head["observation_domain_id"]

    def _set(self, head: Row, set_id: int, body: bytes) -> list[Row]:
        ipfix = head["type"] == "IPFIX"
        if set_id == (2 if ipfix else 0):
            return self._templates(head, body, options=False)
        if set_id == (3 if ipfix else 1):
            return self._templates(head, body, options=True)
        if set_id < 256:
            return []
        known = self.templates.get((self._key(head), set_id))
        if known is None:
            waiting = self.pending.setdefault((self._key(head), set_id), [])
            waiting.append((head, body))
            return []
        fields, options, scopes = known
        if options:
            self._options(head, fields, scopes, body)
            return []
        return self._records(head, fields, body)

    def _templates(self, head: Row, body: bytes, *, options: bool) -> list[Row]:
        ipfix = head["type"] == "IPFIX"
        rows: list[Row] = []
        at = 0
        while at + 4 <= len(body) and any(body[at:]):
            number, count = struct.unpack_from(">HH", body, at)
            at += 4
            scopes = 0
            if options and not ipfix:
                if at + 2 > len(body):
                    return rows
                scopes, count = count // 4, (count + unsigned(body[at : at + 2])) // 4
                at += 2
            elif options and count:
                if at + 2 > len(body):
                    return rows
                scopes = unsigned(body[at : at + 2])
                at += 2
            if ipfix and count == 0:
                continue  # a withdrawal, ignored over UDP
            if number < 256 or count == 0 or scopes > count or count > 512:
                return rows
            fields: Fields = []
            for index in range(count):
                if at + 4 > len(body):
                    return rows
                element, length = struct.unpack_from(">HH", body, at)
                at += 4
                pen = 0
                if ipfix and element & 0x8000:
                    if at + 4 > len(body):
                        return rows
                    element, pen = element & 0x7FFF, unsigned(body[at : at + 4])
                    at += 4
                if not ipfix and index < scopes:
                    pen = V9_SCOPE
                fields.append((element, length, pen))
            least = sum(1 if length == 65535 else length for _, length, _ in fields)
            if not 0 < least <= 65535:
                return rows
            key = self._key(head), number
            self.templates[key] = fields, options, scopes
            for earlier, data in self.pending.pop(key, []):
                self.replayed = True
                with suppress(OverrunError):
                    rows += self._set(earlier, number, data)
        return rows

    def _split(self, head: Row, fields: Fields, body: bytes) -> list[list[bytes]]:
        records, overrun = self._whole(fields, body)
        if overrun and head["type"] == "IPFIX":
            raise OverrunError
        return records

    def _whole(self, fields: Fields, body: bytes) -> tuple[list[list[bytes]], bool]:
        least = sum(1 if length == 65535 else length for _, length, _ in fields)
        records = []
        at = 0
        while len(body) - at >= least:
            values = []
            for _, announced, _ in fields:
                length = announced
                if announced == 65535:
                    if at + 1 > len(body):
                        return records, True
                    length, at = body[at], at + 1
                if announced == 65535 and length == 255:
                    if at + 2 > len(body):
                        return records, True
                    length, at = unsigned(body[at : at + 2]), at + 2
                if at + length > len(body):
                    return records, True
                values.append(body[at : at + length])
                at += length
            records.append(values)
        return records, False

    def _options(self, head: Row, fields: Fields, scopes: int, body: bytes) -> None:
        rates = self.rates.setdefault(self._key(head), {})
        wide_rates = self.wide_rates.setdefault(self._key(head)[:2], {})
        scope = {(pen, element) for element, _, pen in fields[:scopes]}
        for values in self._split(head, fields, body):
            self.options_records += 1
            found: dict[int, bytes] = {}
            for (element, _, pen), value in zip(fields, values, strict=True):
                if pen == 0 and value:
                    found.setdefault(element, value)
            if 160 in found and len(found[160]) <= 8:
                boot = unsigned(found[160])
                if boot <= LONGEST // 10**6:
                    self.boot_ms[self._key(head)] = boot
                    self.boot_ms[self._key(head), head["port"]] = boot
            rate = self._announced(found)
            if not rate:
                continue
            key: Any = None
            if 302 in found or 48 in found:
                key = ("sampler", unsigned(found.get(302, found.get(48, b""))) % 2**62)
            elif scope & {(0, 10), (V9_SCOPE, 2)}:
                pairs = zip(fields[:scopes], values, strict=False)
                which = next(v for (e, _, p), v in pairs if (p, e) in ((0, 10), (V9_SCOPE, 2)))
                key = ("interface", unsigned(which) % 2**32)
            rates[key] = min(rate, LONGEST)
            if self._is_wide(head, scope, found):
                wide_rates[key] = min(rate, LONGEST)

    def _is_wide(self, head: Row, scope: set[tuple[int, int]], found: dict[int, bytes]) -> bool:
        if head["observation_domain_id"] == 0 or (V9_SCOPE, 1) in scope:
            return True
        if (0, 149) in scope:
            return 149 in found and not any(found[149])
        return bool(scope & {(0, 144), (0, 130), (0, 131)})

    def _announced(self, found: dict[int, bytes]) -> int:
        number = {element: unsigned(value) for element, value in found.items()}
        if number.get(305):
            return (number[305] + number[306]) // number[305] if 306 in number else number[305]
        if number.get(309) and 310 in number:
            return number[310] // number[309]
        if len(found.get(311, b"")) in (4, 8):
            (share,) = struct.unpack(">f" if len(found[311]) == 4 else ">d", found[311])
            if 0 < share <= 1:
                return min(round(1 / share), LONGEST) if share > 1e-18 else LONGEST
        return number.get(50) or number.get(34) or 0

    def _records(self, head: Row, fields: Fields, body: bytes) -> list[Row]:
        rows = []
        sent, ids = fields, [numbered(element, pen) for element, _, pen in fields]
        fields = [(i, length, pen) for (i, pen), (_, length, _) in zip(ids, sent, strict=True)]
        for values in self._split(head, fields, body):
            record = Values(fields, values)
            forward, used = self._row(head, record, fields, reverse=False)
            backward, used_backward = self._row(head, record, fields, reverse=True)
            if self._counts_reverse(fields):
                used |= used_backward
            filled = {
                (s[2], s[0]) for s, (i, pen) in zip(sent, ids, strict=True) if (pen, i) in used
            }
            pairs = attributes(sent, values, filled)
            rows.append(forward | {"attributes": pairs})
            counters = [
                self._reverse_count(record, fields, COLUMNS[column])
                for column in ("packets", "bytes")
            ]
            if any(counters):
                rows.append(backward | {"attributes": pairs})
        return rows

    def _counts_reverse(self, fields: Fields) -> bool:
        for elements in (COLUMNS["packets"], COLUMNS["bytes"]):
            for element in elements:
                lengths = [n for e, n, pen in fields if (pen, e) == (REVERSE, element) and n]
                if lengths and 1 <= lengths[0] <= 8:
                    return True
        return False

    def _reverse_count(self, record: Values, fields: Fields, elements: tuple[int, ...]) -> int:
        """What a record counts in reverse; a counter of varying length does not tell."""
        for element in elements:
            lengths = [n for e, n, pen in fields if (pen, e) == (REVERSE, element) and n]
            if lengths and 1 <= lengths[0] <= 8:
                return unsigned(record.found[REVERSE, element])
        return 0

    def _lent(self, key: Any) -> dict[Any, int]:
        """What domains of the same exporter that send no flows say of samplers, all alike."""
        flows = {known for (known, _), (_, options, _) in self.templates.items() if not options}
        found: dict[Any, set[int]] = {}
        for other, rates in self.rates.items():
            if other[:2] == key[:2] and other not in flows:
                for name, rate in rates.items():
                    if name and name[0] == "sampler":
                        found.setdefault(name, set()).add(rate)
        return {name: rates.pop() for name, rates in found.items() if len(rates) == 1}

    def _row(
        self, head: Row, record: Values, fields: Fields, *, reverse: bool
    ) -> tuple[Row, set[tuple[int, int]]]:
        biflow = self._counts_reverse(fields)
        key = self._key(head)
        rates = self.rates.get(key, {}), self.wide_rates.get(key[:2], {}), self._lent(key)
        boot = self.boot_ms.get((key, head["port"]), self.boot_ms.get(key))
        maker = RowMaker(boot, rates, head, record, fields, reverse, biflow)
        return maker.make(), maker.used

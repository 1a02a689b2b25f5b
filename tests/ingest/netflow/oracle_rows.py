"""One row of one record, column by column: the half of the slow decoder that reads fields."""

from __future__ import annotations

import struct
from typing import Any

from sensorium.model.address import UNSPECIFIED, V4_PREFIX

Row = dict[str, Any]
Fields = list[tuple[int, int, int]]  # element, length, enterprise number

CISCO, SONICWALL = 0x20000, 0x40000
"""Added to the numbers of elements of these two, so that all have different ones."""
VENDORS = {9: CISCO, 8741: SONICWALL}

COLUMNS = {
    "bytes": (1, 23, 85, 171, 231, 352, CISCO + 8338, SONICWALL + 170, SONICWALL + 14),
    "packets": (2, 24, 86, 172, 298, CISCO + 9265, SONICWALL + 169, SONICWALL + 13),
    "src_port": (7, 180, 182, CISCO + 12240, SONICWALL + 11),
    "dst_port": (11, 181, 183, CISCO + 12241, SONICWALL + 12),
    "proto": (4, SONICWALL + 20),
    "tcp_flags": (6,),
    "ip_tos": (5, 55),
    "in_if": (10, 252, SONICWALL + 9),
    "out_if": (14, 253, SONICWALL + 10),
    "src_as": (16,),
    "dst_as": (17,),
    "src_vlan": (58, 243),
    "dst_vlan": (59, 254),
    "src_mac": (56, 81),
    "dst_mac": (80, 57),
    "flow_direction": (61,),
}
BITS = {
    "bytes": 64, "packets": 64, "src_port": 16, "dst_port": 16, "proto": 8, "tcp_flags": 16,
    "ip_tos": 8, "in_if": 32, "out_if": 32, "src_as": 32, "dst_as": 32, "src_vlan": 16,
    "dst_vlan": 16, "src_mac": 64, "dst_mac": 64, "flow_direction": 8,
}  # fmt: skip
ADDRESSES = {
    "src_addr": ((8, 44, CISCO + 12236, SONICWALL + 5), (27, 170, CISCO + 12238)),
    "dst_addr": ((12, 45, CISCO + 12237, SONICWALL + 6), (28, 169, CISCO + 12239)),
    "next_hop": ((15, 18), (62, 63)),
}
ORDER = {
    "src_addr": (8, 27, 44, 170, CISCO + 12236, CISCO + 12238, SONICWALL + 5),
    "dst_addr": (12, 28, 45, 169, CISCO + 12237, CISCO + 12239, SONICWALL + 6),
    "next_hop": (15, 62, 18, 63),
}
SPARED = ("in_if", "out_if", "src_vlan", "dst_vlan")
STARTS = (156, 154, 152, 22, 150, 158, SONICWALL + 17)
ENDS = (157, 155, 153, 21, 151, 159, 325, 324, 323, 322, SONICWALL + 18)
MIRROR = {
    "src_addr": "dst_addr", "src_port": "dst_port", "src_as": "dst_as", "src_mask": "dst_mask",
    "src_mac": "dst_mac", "in_if": "out_if", "src_vlan": "dst_vlan",
}  # fmt: skip
MIRROR |= {there: here for here, there in MIRROR.items()}
REVERSE = 29305
LONGEST = (1 << 63) - 1


def unsigned(value: bytes) -> int:
    return int.from_bytes(value, "big")


def scaled(value: int, unit: int) -> int:
    return min(value * unit, LONGEST)


def ntp(value: bytes, mask: int) -> int:
    seconds, fraction = struct.unpack(">II", value)
    fraction &= mask
    if not seconds and not fraction:
        return 0
    era = 1 << 32 if seconds < 2_208_988_800 else 0
    return (seconds + era - 2_208_988_800) * 10**9 + (fraction * 10**9 >> 32)


def numbered(element: int, pen: int) -> tuple[int, int]:
    """(element, enterprise) of a field, with a number of its own where a column may come of it."""
    if pen == 0 and 0x8000 <= element < 0x10000:
        return CISCO + element - 0x8000, 0
    return (VENDORS[pen] + element, 0) if pen in VENDORS else (element, pen)


def of_iana_first(elements: list[int]) -> list[int]:
    """Those of IANA's registry, else all."""
    return [element for element in elements if element < CISCO] or elements


class Values:
    """A record's values by (enterprise, element), the first of duplicates."""

    def __init__(self, fields: Fields, values: list[bytes]) -> None:
        self.found: dict[tuple[int, int], bytes] = {}
        self.present: set[tuple[int, int]] = set()
        for (element, length, pen), value in zip(fields, values, strict=True):
            if length and (pen, element) not in self.found:
                self.found[pen, element] = value

    def has(self, element: int, pen: int = 0) -> bool:
        return (pen, element) in self.found

    def pick(self, elements: tuple[int, ...], pen: int, lengths: range) -> bytes | None:
        """The first of some elements whose template length could hold such a value."""
        for element in elements:
            value = self.found.get((pen, element))
            if value is not None and len(value) in lengths:
                return value
        return None


class RowMaker:
    """One row of one record in one direction."""

    def __init__(
        self,
        boot_ms: int | None,
        rates: tuple[dict[Any, int], dict[Any, int], dict[Any, int]],
        head: Row,
        record: Values,
        fields: Fields,
        reverse: bool,
        biflow: bool,
    ) -> None:
        self.boot_ms, self.rates, self.lent = boot_ms, rates[:2], rates[2]
        self.head, self.record, self.reverse = head, record, reverse
        self.pens = (0, REVERSE) if biflow else (0,)
        self.used: set[tuple[int, int]] = set()
        # What a field may hold is judged by the template where lengths are fixed there.
        self.lengths = {}
        for element, length, pen in fields:
            if length:
                self.lengths.setdefault((pen, element), length)

    def chosen(self, elements: tuple[int, ...], pen: int, lengths: range) -> int | None:
        for element in elements:
            length = self.lengths.get((pen, element))
            if length is not None and (length == 65535 or length in lengths):
                return element
        return None

    def value(self, element: int | None, pen: int, lengths: range) -> bytes | None:
        if element is None:
            return None
        value = self.record.found[pen, element]
        return value if len(value) in lengths else None

    def one(self, column: str, elements: Any, lengths: range) -> tuple[Any, int]:
        """(element, enterprise) that fills a column in this direction, and is used up by it."""
        element, pen = self.found(column, elements, lengths)
        if element is not None and column not in ("space", "sampler"):
            self.used.add((pen, element))
        return element, pen

    def found(self, column: str, elements: Any, lengths: range) -> tuple[Any, int]:
        if not self.reverse:
            return self.chosen(elements(column), 0, lengths), 0
        own = self.chosen(elements(column), REVERSE, lengths)
        if own is not None or column in ("bytes", "packets", "tcp_flags"):
            return own, REVERSE
        if column in ("next_hop", "mpls_label", "flow_direction"):
            return None, 0
        return self.chosen(elements(MIRROR.get(column, column)), 0, lengths), 0

    def make(self) -> Row:
        row: Row = {
            name: self.head[name]
            for name in ("type", "time_received_ns", "sampler_address", "observation_domain_id",
                         "sequence_num")
        }  # fmt: skip
        for column, bits in BITS.items():
            element, pen = self.one(column, COLUMNS.__getitem__, range(1, 9))
            row[column] = unsigned(self.value(element, pen, range(1, 9)) or b"") % 2**bits
            if column in SPARED and element is not None:
                row[column] = self._spared(column, pen)
        for column in ADDRESSES:
            row[column] = self._address(column)
        self._masks(row)
        element, pen = self.one("mpls_label", lambda _: (70,), range(3, 5))
        label = self.value(element, pen, range(3, 5)) or b""
        row["mpls_label"] = unsigned(label[:3]) >> 4
        self._icmp(row)
        self._etype(row)
        self._times(row)
        self._sampling(row)
        return row

    def _spared(self, column: str, pen: int) -> int:
        """The first of a column's elements that is not zero."""
        mirrored = self.reverse and pen == 0
        elements = COLUMNS[MIRROR[column] if mirrored else column]
        fitting = [e for e in elements if self.chosen((e,), pen, range(1, 9))]
        for element in of_iana_first(fitting):
            value = unsigned(self.value(element, pen, range(1, 9)) or b"")
            if value:
                return value % 2 ** BITS[column]
        return 0

    def _address(self, column: str) -> bytes:
        pen = 0
        name = column
        if self.reverse:
            if column == "next_hop":
                if not any(self._fits(e, REVERSE) for e in ORDER[column]):
                    return UNSPECIFIED
                pen = REVERSE
            elif any(self._fits(e, REVERSE) for e in ORDER[column]):
                pen = REVERSE
            else:
                name = MIRROR[column]
        present = of_iana_first([e for e in ORDER[name] if self._fits(e, pen)])
        v4 = [e for e in present if e in ADDRESSES[name][0]]
        v6 = [e for e in present if e in ADDRESSES[name][1]]
        if not present:
            return UNSPECIFIED
        self.used |= {(pen, e) for e in ((v6[0], v4[0]) if v4 and v6 else present[:1])}
        if column == "next_hop" and len(present) > 1:
            for element in present:
                size = 4 if element in v4 else 16
                value = self.value(element, pen, range(size, size + 1))
                if value is not None and any(value):
                    return V4_PREFIX + value if element in v4 else value
            return V4_PREFIX + bytes(4) if self._states_v4(v4, pen) else UNSPECIFIED
        if v4 and v6:
            wide = self.value(v6[0], pen, range(16, 17)) or UNSPECIFIED
            narrow = self.value(v4[0], pen, range(4, 5))
            if narrow is not None and (any(narrow) or not any(wide)):
                return V4_PREFIX + narrow
            return wide
        length = 4 if v4 else 16
        value = self.value(present[0], pen, range(length, length + 1))
        if value is None:
            return UNSPECIFIED
        return V4_PREFIX + value if v4 else value

    def _states_v4(self, elements: list[int], pen: int) -> bool:
        return any(self.value(e, pen, range(4, 5)) is not None for e in elements)

    def _fits(self, element: int, pen: int) -> bool:
        narrow = any(element in v4 for v4, _ in ADDRESSES.values())
        return self.lengths.get((pen, element)) in ((4, 65535) if narrow else (16, 65535))

    def _masks(self, row: Row) -> None:
        pairs = {"src_mask": (9, 29), "dst_mask": (13, 30)}
        for column in pairs:
            element, pen = self.one(column, pairs.__getitem__, range(1, 9))
            value = 0
            if element is not None:
                name = MIRROR[column] if self.reverse and pen == 0 else column
                v4, v6 = (self.chosen((e,), pen, range(1, 9)) for e in pairs[name])
                self.used |= {(pen, e) for e in (v4, v6) if e is not None}
                wide = unsigned(self.value(v6, pen, range(1, 9)) or b"") if v6 else 0
                narrow = unsigned(self.value(v4, pen, range(1, 9)) or b"") if v4 else 0
                value = narrow or wide
            row[column] = value % 256

    def _icmp(self, row: Row) -> None:
        row["icmp_type"] = row["icmp_code"] = 0
        pen = 0
        kinds = {32: 2, 139: 2, 176: 1, 178: 1, 177: 1, 179: 1}

        def fits(element: int, pen: int) -> bool:
            length = self.lengths.get((pen, element))
            ok = (2,) if kinds[element] == 2 else range(1, 9)
            return length is not None and (length == 65535 or length in ok)

        if self.reverse and any(fits(e, REVERSE) for e in (32, 139, 176, 178)):
            pen = REVERSE
        v4 = next((e for e in (32, 176) if fits(e, pen)), None)
        v6 = next((e for e in (139, 178) if fits(e, pen)), None)
        types = [e for e in (32, 139, 176, 178) if fits(e, pen)]
        used = [v6, v4] if v4 and v6 else types[:1]
        self.used |= {(pen, e) for e in used}
        codes = self._icmp_codes(row, fits)
        if any(kinds[e] == 2 for e in used[:1]):
            row["icmp_code"] = 0
        else:
            self.used |= codes
        for element in used:
            lengths = range(2, 3) if kinds[element] == 2 else range(1, 9)
            value = unsigned(self.value(element, pen, lengths) or b"")
            if value or len(used) == 1:
                if kinds[element] == 2:
                    row["icmp_type"], row["icmp_code"] = value >> 8, value & 255
                else:
                    row["icmp_type"] = value % 256
        stated = any(fits(e, pen) for e in kinds for pen in self.pens)
        ported = self.chosen(COLUMNS["dst_port"], 0, range(1, 9)) is not None
        icmp = self.chosen(COLUMNS["proto"], 0, range(1, 9)) and row["proto"] in (1, 58)
        if not stated and ported and icmp and row["src_port"] == 0:
            row["icmp_type"], row["icmp_code"] = row["dst_port"] >> 8, row["dst_port"] & 255

    def _icmp_codes(self, row: Row, fits: Any) -> set[tuple[int, int]]:
        pen = REVERSE if self.reverse and any(fits(e, REVERSE) for e in (177, 179)) else 0
        for element in (179, 177):
            if fits(element, pen):
                value = unsigned(self.value(element, pen, range(1, 9)) or b"")
                row["icmp_code"] = value % 256 if value else row["icmp_code"]
        return {(pen, element) for element in (179, 177) if fits(element, pen)}

    def _etype(self, row: Row) -> None:
        element, pen = self.one("etype", lambda _: (256, 60), range(1, 9))
        value = unsigned(self.value(element, pen, range(1, 9)) or b"")
        row["etype"] = value % 65536 if element == 256 else {4: 0x0800, 6: 0x86DD}.get(value, 0)
        stated = self.chosen((256, 60), 0, range(1, 9)) == 256 or element == 256
        for column in ("src_addr", "dst_addr"):
            if row["etype"] == 0 and not stated and row[column] != UNSPECIFIED:
                row["etype"] = 0x0800 if row[column].startswith(V4_PREFIX) else 0x86DD

    def _instant(self, element: int | None, pen: int, anchor: int | None) -> int:
        lengths = range(8, 9) if element in (154, 155, 156, 157, 324, 325) else range(1, 9)
        value = self.value(element, pen, lengths)
        if value is None:
            return 0
        if element in (156, 157, 325):
            return ntp(value, 0xFFFFFFFF)
        if element in (154, 155, 324):
            return ntp(value, 0xFFFFF800)
        if element in (152, 153, 323):
            return scaled(unsigned(value), 10**6)
        if element in (150, 151, 322, SONICWALL + 17, SONICWALL + 18):
            return scaled(unsigned(value), 10**9)
        if element in (158, 159):
            return max(self.head["export_ns"] - scaled(unsigned(value), 1000), 0)
        ahead = (unsigned(value) - (anchor or 0)) % 2**32
        return self.head["export_ns"] + (ahead - 2**32 * (ahead >= 2**31)) * 10**6

    def _time_element(self, name: str, elements: tuple[int, ...]) -> tuple[int | None, int]:
        def usable(pen: int) -> int | None:
            for element in elements:
                ntp_time = element in (154, 155, 156, 157, 324, 325)
                if self.chosen((element,), pen, range(8 if ntp_time else 1, 9)):
                    return element
            return None

        own = usable(REVERSE) if self.reverse else None
        element, pen = (own, REVERSE) if own else (usable(0), 0)
        if element is not None:
            self.used.add((pen, element))
        return element, pen

    def _own_boot(self) -> int:
        """The boot time that a record states itself, in a place that does not vary; 0 for none."""
        for key, length in self.lengths.items():
            if key == (0, 160):
                boot = unsigned(self.record.found[key]) if length == 8 else 0
                return boot if boot <= LONGEST else 0
            if length == 65535:
                break
        return 0

    def _times(self, row: Row) -> None:
        export = self.head["export_ns"]
        anchor = self.head["uptime"]
        own = self._own_boot()
        if own or anchor is None:
            boot = own or self.boot_ms
            anchor = None if boot is None else (export // 10**6 - boot) % 2**32
        start_element, start_pen = self._time_element("start", STARTS)
        end_element, end_pen = self._time_element("end", ENDS)
        start = self._instant(start_element, start_pen, anchor)
        end = self._instant(end_element, end_pen, anchor)
        if anchor is None and start_element == 22 and end_element == 21:
            row["time_flow_start_ns"] = max(export - (end - start), 0)
            row["time_flow_end_ns"] = export
            return
        ahead = end - export
        by_boot = self.head["uptime"] is None and (start_element, end_element) == (22, 21)
        if by_boot and ahead > 60 * 10**9:
            start, end = start - ahead, export
        start = 0 if anchor is None and start_element == 22 else start
        end = 0 if anchor is None and end_element == 21 else end
        duration, lasts = 0, False
        if (start_element is None) != (end_element is None):
            element = self.chosen((162, 161), 0, range(1, 9))
            unit = 1000 if element == 162 else 10**6
            lasts = element is not None
            duration = scaled(unsigned(self.value(element, 0, range(1, 9)) or b""), unit)
        if end == 0:
            end = min(start + duration, LONGEST) if lasts and start else export
        row["time_flow_end_ns"] = end
        row["time_flow_start_ns"] = start or max(end - duration, 0)

    def _default(self, rates: dict[Any, int]) -> int:
        samplers = {rate for key, rate in rates.items() if key and key[0] == "sampler"}
        return rates.get(None, 0) or (samplers.pop() if len(samplers) == 1 else 0)

    def _sampling(self, row: Row) -> None:
        own, wide = self.rates
        default = self._default(own) or self._default(wide)
        element, pen = self.one("sampling_rate", lambda _: (34, 50, 305), range(1, 9))
        rate = unsigned(self.value(element, pen, range(1, 9)) or b"")
        if element == 305 and 0 < rate <= LONGEST:
            space, space_pen = self.one("space", lambda _: (306,), range(1, 9))
            if space is not None:
                length = unsigned(self.value(space, space_pen, range(1, 9)) or b"")
                rate = (rate + min(length, LONGEST - rate)) // rate
        if not rate:
            sampler, sampler_pen = self.one("sampler", lambda _: (302, 48), range(1, 9))
            if sampler is not None:
                number = unsigned(self.value(sampler, sampler_pen, range(1, 9)) or b"") % 2**62
                key = ("sampler", number)
                rate = own.get(key, 0) or wide.get(key, 0) or self.lent.get(key, 0)
        if not rate:
            key = ("interface", row["in_if"])
            rate = own.get(key, 0) or wide.get(key, 0)
        row["sampling_rate"] = rate or default

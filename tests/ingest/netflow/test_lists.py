"""Lists in records (RFC 6313) as nested JSON, and elements that exporters define (RFC 5610)."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder
from sensorium.ingest.render import to_json_lines
from sensorium.observe import Observe
from tests.ingest.netflow import packets as p

LISTS: list[p.Spec] = [(8, 4), (291, 65535), (292, 65535), (293, 65535)]
INNER: list[p.Spec] = [(225, 4), (230, 1)]
TYPE_FIELDS: list[p.Spec] = [(339, 1), (344, 1), (341, 65535)]
TYPE_SCOPE: list[p.Spec] = [(346, 4), (303, 2)]
PEN = 64999


def shown(*payloads: bytes) -> list[dict[str, Any]]:
    """Flows as ``sensorium decode`` shows them."""
    decoder = NetflowDecoder(NetflowConfig(), Observe(), options=lambda _: None)
    return [json.loads(line) for line in to_json_lines(decoder.decode(p.slab(payloads)))]


def a_list(element: int, length: int, *values: bytes, semantic: int = 3, pen: int = 0) -> bytes:
    head = struct.pack(">BHH", semantic, element | (0x8000 if pen else 0), length)
    return head + (struct.pack(">I", pen) if pen else b"") + b"".join(values)


def message(basic: bytes, single: bytes, several: bytes, *, inner: bool = True) -> bytes:
    templates = p.template(256, LISTS) + (p.template(300, INNER) if inner else b"")
    record = p.record(LISTS, 1, basic, single, several)
    return p.ipfix(p.a_set(2, templates), p.a_set(256, record))


INNER_RECORD = p.record(INNER, 0x0A000001, 4)
SINGLE = struct.pack(">BH", 4, 300) + INNER_RECORD * 2
SEVERAL = struct.pack(">BHH", 255, 300, 9) + INNER_RECORD


def test_lists_are_nested_objects_with_their_semantics() -> None:
    basic = a_list(483, 4, struct.pack(">II", 65000, 65001))
    (row,) = shown(message(basic, SINGLE, SEVERAL))
    nat = {"postNATSourceIPv4Address": "10.0.0.1", "natEvent": 4}
    assert row["basicList"] == {
        "semantic": "allOf", "element": "bgpCommunity", "values": [65000, 65001],
    }  # fmt: skip
    assert row["subTemplateList"] == {"semantic": "ordered", "template": 300, "records": [nat, nat]}
    assert row["subTemplateMultiList"] == {
        "semantic": "undefined",
        "lists": [{"template": 300, "records": [nat]}],
    }


def test_a_vendors_list_is_nested_too() -> None:
    names: list[p.Spec] = [(198, 65535, 3054), (199, 4, 3054)]
    fields: list[p.Spec] = [(8, 4), (197, 65535, 3054)]
    listed = struct.pack(">BH", 3, 300) + p.record(names, b"a.test", 0x0A000001)
    templates = p.template(256, fields) + p.template(300, names)
    (row,) = shown(p.ipfix(p.a_set(2, templates), p.a_set(256, p.record(fields, 1, listed))))
    assert row["ixiaDnsRecords"] == {
        "semantic": "allOf", "template": 300,
        "records": [{"ixiaDnsName": "a.test", "ixiaDnsIPv4": "10.0.0.1"}],
    }  # fmt: skip


def test_a_list_in_a_list_and_values_of_varying_length() -> None:
    inner = a_list(82, 65535, p.varying(b"Gi0/1"), p.varying(b""), semantic=0)
    basic = a_list(291, 65535, p.varying(inner))
    (row,) = shown(message(basic, SINGLE, SEVERAL))
    assert row["basicList"]["values"] == [
        {"semantic": "noneOf", "element": "interfaceName", "values": ["Gi0/1", ""]}
    ]


def test_a_list_of_an_unknown_template_keeps_its_octets() -> None:
    (row,) = shown(message(a_list(483, 4), SINGLE, SEVERAL, inner=False))
    assert row["subTemplateList"] == {
        "semantic": "ordered", "template": 300, "octets": "0a000001040a00000104",
    }  # fmt: skip


def test_a_list_means_what_its_template_was_when_it_came() -> None:
    first = message(a_list(483, 4), SINGLE, SEVERAL)
    changed = p.ipfix(p.a_set(2, p.template(300, [(10, 4), (35, 1)])), sequence=1)
    before, after = shown(first, changed, message(a_list(483, 4), SINGLE, SEVERAL, inner=False))
    assert before["subTemplateList"]["records"][0]["natEvent"] == 4
    assert after["subTemplateList"]["records"][0] == {
        "ingressInterface": 0x0A000001, "samplingAlgorithm": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    "basic", [b"\x03\x00", a_list(483, 4, b"\x01"), a_list(82, 65535, b"\x09ab")]
)
def test_a_list_that_does_not_fit_its_head_is_octets_and_counted(basic: bytes) -> None:
    bench = p.Bench()
    (row,) = bench.rows(message(basic, SINGLE, SEVERAL))
    assert dict(row["attributes"])["basicList"] == basic.hex()
    assert bench.dropped() == {"bad_list": 1}
    (status,) = bench.decoder.statuses()
    assert status.dropped == {"bad_list": 1}


def nested(times: int) -> bytes:
    basic = a_list(483, 4, struct.pack(">I", 1))
    for _ in range(times):
        basic = a_list(291, 65535, p.varying(basic))
    return basic


def test_lists_are_followed_only_so_deep() -> None:
    (row,) = shown(message(nested(30), SINGLE, SEVERAL))
    found, depth = row["basicList"], 0
    while isinstance(found, dict):
        found, depth = found["values"][0], depth + 1
    assert depth == 8
    assert bytes.fromhex(found)


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=60))
def test_any_bytes_are_a_list_or_octets(basic: bytes, single: bytes, several: bytes) -> None:
    assert len(p.Bench().rows(message(basic, single, several))) == 1


def definition(number: int, kind: int, name: bytes, pen: int = PEN) -> bytes:
    return p.record([*TYPE_SCOPE, *TYPE_FIELDS], pen, number, kind, 0, name)


def definitions(*records: bytes, sequence: int = 0) -> bytes:
    template = p.options_template(400, TYPE_SCOPE, TYPE_FIELDS)
    return p.ipfix(p.a_set(3, template), p.a_set(400, b"".join(records)), sequence=sequence)


OWN: list[p.Spec] = [(8, 4), (7, 4, PEN), (8, 65535, PEN)]
OWN_DATA = p.ipfix(
    p.a_set(2, p.template(256, OWN)), p.a_set(256, p.record(OWN, 1, 2**32 - 2, b"fwd"))
)


def test_an_element_has_the_name_and_type_that_its_exporter_defines() -> None:
    defined = definitions(definition(7, 7, b"queueDepth"), definition(8, 13, b"queueName"))
    before, after = shown(OWN_DATA, defined, OWN_DATA)
    assert (before[f"enterprise-{PEN}-7"], before[f"enterprise-{PEN}-8"]) == ("fffffffe", "667764")
    assert (after["queueDepth"], after["queueName"]) == (-2, "fwd")


def test_what_one_exporter_defines_is_not_believed_of_another() -> None:
    bench = p.Bench()
    defined = definitions(definition(7, 3, b"queueDepth"))
    bench.decode(defined, exporters="192.0.2.1")
    (row,) = bench.rows(OWN_DATA, exporters="192.0.2.2")
    assert dict(row["attributes"])[f"enterprise-{PEN}-7"] == "fffffffe"


def test_definitions_survive_a_restart() -> None:
    before, after = p.Bench(), p.Bench()
    before.decode(definitions(definition(7, 3, b"queueDepth")))
    after.decoder.restore(before.decoder.state())
    (row,) = after.rows(OWN_DATA)
    assert dict(row["attributes"])["queueDepth"] == "4294967294"


@pytest.mark.parametrize("name", [b"bytes", b"natEvent", b"", b"a b", b"x" * 65, b"\xff"])
def test_a_definition_cannot_take_anothers_name(name: bytes) -> None:
    bench = p.Bench()
    bench.decode(definitions(definition(7, 3, name)))
    assert bench.dropped() == {"bad_element": 1}


def test_a_source_may_not_define_more_elements_than_the_setting() -> None:
    bench = p.Bench(max_elements_per_source=2)
    bench.decode(definitions(*(definition(n, 3, b"n%d" % n) for n in range(1, 6))))
    assert bench.dropped() == {"too_many_elements": 3}


def test_what_a_registry_says_of_an_element_stands() -> None:
    bench = p.Bench()
    own = definition(12235, 3, b"other", pen=9), definition(230, 3, b"x", pen=0)
    bench.decode(definitions(*own))
    fields: list[p.Spec] = [(8, 4), (12235, 65535, 9)]
    data = p.ipfix(p.a_set(2, p.template(256, fields)), p.a_set(256, p.record(fields, 1, b"host")))
    (row,) = bench.rows(data)
    assert row["attributes"] == [("ciscoAppHTTPHost", "host")]

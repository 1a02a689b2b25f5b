"""What is learned from exporters survives a restart."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.netflow.exporters.state import StateError
from tests.ingest.netflow import packets as p

FIELDS: list[p.Spec] = [(22, 4), (21, 4), (1, 65535), (5, 2, 9)]
RECORD = p.record(FIELDS, 1000, 2000, b"\x07", 1)


def learned() -> p.Bench:
    bench = p.Bench()
    options = p.options_template(300, [(149, 4)], [(34, 4), (160, 8)])
    bench.decode(
        p.ipfix(
            p.a_set(2, p.template(256, FIELDS)),
            p.a_set(3, options),
            p.a_set(300, struct.pack(">IIQ", 1, 50, (p.EXPORT_S - 10) * 1000)),
            domain=4,
        )
    )
    return bench


def test_templates_rates_and_boot_times_come_back() -> None:
    before, after = learned(), p.Bench()
    data = p.ipfix(p.a_set(256, RECORD), domain=4, sequence=9)
    assert after.decoder.restore(before.decoder.state()) == 2
    assert after.rows(data) == before.rows(data)
    assert after.decoder.state() == before.decoder.state()


def test_the_state_is_the_same_bytes_for_the_same_knowledge() -> None:
    assert learned().decoder.state() == learned().decoder.state()


def test_what_an_exporter_has_said_since_is_not_undone() -> None:
    before, after = learned(), p.Bench()
    after.decode(p.ipfix(p.a_set(2, p.template(256, [(2, 4)])), domain=4))
    after.decoder.restore(before.decoder.state())
    (row,) = after.rows(p.ipfix(p.a_set(256, struct.pack(">I", 3)), domain=4))
    assert row["packets"] == 3


@pytest.mark.parametrize(
    "saved",
    [
        b"",
        b"[]",
        b'{"version":2,"sources":[]}',
        b'{"version":1,"sources":[{"exporter":"nowhere"}]}',
        b'{"version":1}',
    ],
)
def test_a_state_that_cannot_be_read_is_refused_whole(saved: bytes) -> None:
    bench = p.Bench()
    with pytest.raises(StateError):
        bench.decoder.restore(saved)
    assert bench.decoder.exporters.sources == []


NUMBERS = st.one_of(st.integers(-2, 2**65), st.sampled_from([256, 65535, 4]))


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=4), NUMBERS, NUMBERS, NUMBERS)
def test_any_numbers_in_a_state_are_taken_or_refused(
    fields: list[tuple[int, int, int]], template_id: int, scopes: int, domain: int
) -> None:
    template = {"id": template_id, "options": False, "scopes": scopes, "fields": fields}
    source = {
        "exporter": "192.0.2.1", "protocol": "ipfix", "domain": domain, "boot_ms": scopes,
        "rates": [[template_id, domain]], "templates": [template],
    }  # fmt: skip
    bench = p.Bench()
    try:
        bench.decoder.restore(json.dumps({"version": 1, "sources": [source]}).encode())
    except StateError:
        return
    bench.decode(p.ipfix(p.a_set(256, bytes(40))))

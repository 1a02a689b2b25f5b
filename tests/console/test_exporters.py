"""The exporters' page of the API."""

from __future__ import annotations

from sensorium.model.address import pack_address
from sensorium.model.exporter import ExporterStatus
from sensorium.pipeline.exporters import ExporterBook
from tests.console.conftest import Bench

ROUTER = pack_address("10.9.9.9")


def test_exporters_are_told_with_what_was_lost(bench: Bench) -> None:
    status = ExporterStatus(
        ROUTER, "IPFIX", 7, "records", datagrams=3, records=90, lost=10, dropped={"bad_set": 2}
    )
    book = ExporterBook([lambda: [status]], lambda: {ROUTER: {"rate_limit": 4}})
    book.refresh(0.0)
    bench.exporters = book.current()
    answer = bench.client.get("/api/v1/exporters").json()
    (router,) = answer["exporters"]
    assert router["address"] == "10.9.9.9"
    assert (router["records"], router["lost"], router["loss"]) == (90, 10, 0.1)
    assert router["dropped"] == {"bad_set": 2}
    assert router["clock_skew_seconds"] is None
    assert answer["refused"] == {"10.9.9.9": {"rate_limit": 4}}


def test_no_exporter_is_an_empty_list(bench: Bench) -> None:
    assert bench.client.get("/api/v1/exporters").json() == {"exporters": [], "refused": {}}

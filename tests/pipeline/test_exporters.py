"""Rates and loss of exporters, from what the decoders say now and said a minute ago."""

from __future__ import annotations

import math
from dataclasses import replace

from sensorium.model.address import pack_address
from sensorium.model.exporter import ExporterStatus
from sensorium.pipeline.exporters import ExporterBook

STATUS = ExporterStatus(pack_address("10.9.9.9"), "IPFIX", 7, "records")


class Decoder:
    """Says what it is told to say."""

    def __init__(self) -> None:
        self.status = STATUS
        self.asked = 0

    def statuses(self) -> list[ExporterStatus]:
        self.asked += 1
        return [self.status]


def test_rates_are_over_the_last_minute() -> None:
    decoder = Decoder()
    book = ExporterBook([decoder.statuses], dict)
    for second in range(0, 301, 5):
        decoder.status = replace(STATUS, datagrams=second, bytes=second * 10, records=second * 30)
        book.refresh(float(second))
    (report,) = book.current().exporters
    assert (report.datagrams_s, report.bytes_s, report.records_s) == (1.0, 10.0, 30.0)


def test_the_decoders_are_not_asked_more_often_than_needed() -> None:
    decoder = Decoder()
    book = ExporterBook([decoder.statuses], dict)
    for tenth in range(100):
        book.refresh(tenth / 10)
    assert decoder.asked == 2


def test_loss_is_in_the_unit_of_the_sequence_numbers() -> None:
    decoder = Decoder()
    counts = replace(STATUS, datagrams=30, records=900, lost=100)
    for unit, loss in (("records", 0.1), ("flows", 0.1), ("packets", 100 / 130)):
        decoder.status = replace(counts, unit=unit)
        book = ExporterBook([decoder.statuses], dict)
        book.refresh(0.0)
        assert math.isclose(book.current().exporters[0].loss, loss)


def test_one_that_begins_anew_sends_at_no_negative_rate() -> None:
    decoder = Decoder()
    book = ExporterBook([decoder.statuses], dict)
    for second, records in ((0.0, 1000), (10.0, 5)):
        decoder.status = replace(STATUS, records=records)
        book.refresh(second)
    assert book.current().exporters[0].records_s == 0


def test_nothing_known_is_no_loss_of_zero() -> None:
    refused = {b"x" * 16: {"rate_limit": 3}}
    book = ExporterBook([Decoder().statuses], lambda: refused, lambda: refused)
    book.refresh(0.0)
    assert math.isnan(book.current().exporters[0].loss)
    assert book.current().refused == {b"x" * 16: {"rate_limit": 6}}

"""Amounts are read as people write them."""

from __future__ import annotations

import pytest

from sensorium.ingest.changes import parse_volume


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("up to 400 MB", 400_000_000),
        ("400MB", 400_000_000),
        ("about 1.5 GiB per night", 1_610_612_736),
        ("20 kB", 20_000),
        ("20 KB", 20_000),
        ("3 g", 3_000_000_000),
        ("500 bytes", 500),
        ("1 byte", 1),
        ("12", 12),
        ("1,500 MB", 1_500_000_000),
        ("1 500 MB", 1_500_000_000),
        ("1.500.000 B", 1_500_000),
        ("1,5 TB", 1_500_000_000_000),
        ("0.125 GB", 125_000_000),
        ("0,125 GB", 125_000_000),
        ("2 PiB", 2 * 1024**5),
        ("between 1 and 2 GB", 2_000_000_000),
        ("", 0),
        ("much", 0),
        ("100 Mbit/s", 0),
        ("400 MB/s", 0),
        ("9999999 PB", 0),
        ("v2.3.1-rc1", 0),
    ],
)
def test_an_amount_is_bytes(text: str, expected: int) -> None:
    assert parse_volume(text) == expected

"""Addresses in log lines."""

from __future__ import annotations

import pytest

from sensorium.detect.logs.mentions import addresses_in

CASES = (
    ("Failed password for root from 10.1.0.13 port 4711", {"10.1.0.13"}),
    ("upstream: http://10.2.0.10:80/x, client: 203.0.113.9,", {"10.2.0.10", "203.0.113.9"}),
    ("from 2001:DB8::0:1 port 22", {"2001:db8::1"}),
    ("version 1.2.3.4.5 at 12:34:56, 300.1.2.3, 127.0.0.1", set()),
    ("[10.0.0.1]", {"10.0.0.1"}),
    ("10.0.0.1.", {"10.0.0.1"}),
)


@pytest.mark.parametrize(("text", "wanted"), CASES)
def test_addresses_are_found_and_look_alikes_are_not(text: str, wanted: set[str]) -> None:
    assert addresses_in(text) == wanted

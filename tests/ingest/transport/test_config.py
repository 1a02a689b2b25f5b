"""Settings that cannot work are refused when they are read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sensorium.ingest.changes import ChangesConfig
from sensorium.ingest.syslog import SyslogConfig
from sensorium.ingest.transport import ScrapeTarget, UdpConfig


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: UdpConfig(ports=(70_000,)), "no UDP port 70000"),
        (lambda: UdpConfig(trusted_proxies=("10.0.0.0/99",)), "trusted_proxies"),
        (lambda: ScrapeTarget(url="10.0.0.9:9100"), "no address like"),
        (lambda: ScrapeTarget(url="http://"), "no address like"),
        (lambda: SyslogConfig(timezone="Mars/Base"), "no time zone 'Mars/Base'"),
        (lambda: ChangesConfig(timezone="../etc"), "no time zone"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(make: Callable[[], object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make()

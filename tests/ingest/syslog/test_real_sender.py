"""What util-linux's ``logger`` sends is taken apart as it was meant."""

from __future__ import annotations

import os
import shutil
import subprocess
import time

import pytest

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.syslog import SyslogConfig, SyslogDecoder
from sensorium.ingest.transport import UdpConfig, UdpReceiver
from sensorium.observe import Observe

pytestmark = pytest.mark.skipif(shutil.which("logger") is None, reason="logger is not installed")


@pytest.mark.parametrize("form", ["--rfc5424", "--rfc3164"])
def test_a_message_of_logger_is_taken_apart(form: str) -> None:
    slabs: list[Datagrams] = []
    config = UdpConfig(host="127.0.0.1", ports=(0,))
    receiver = UdpReceiver(config, slabs.append, Observe(), clock_ns=time.time_ns)
    receiver.bind()
    to = ["--udp", "--server", "127.0.0.1", "--port", str(receiver.ports[0])]
    about = ["--priority", "auth.warning", "--tag", "sensor", "--id=77"]
    subprocess.run(
        ["logger", *to, form, *about, "Grüße an alle"],
        check=True,
        timeout=10,
        env={**os.environ, "TZ": "UTC"},
    )
    receiver.drain()
    (row,) = SyslogDecoder(SyslogConfig(), Observe()).decode(slabs[0]).to_pylist()
    assert (row["app"], row["proc_id"], row["body"]) == ("sensor", "77", "Grüße an alle")
    assert (row["severity_text"], dict(row["attributes"])["facility"]) == ("warning", "auth")
    assert abs(row["time_ns"] - row["observed_time_ns"]) < 60 * 10**9
    assert row["host"]

"""Compile the decoders' kernels once, at set-up, so that the first run need not wait for them."""

from __future__ import annotations

from sensorium.app import bundled_recordings
from sensorium.config import Settings
from sensorium.ingest.netflow import NetflowDecoder
from sensorium.ingest.prometheus import PrometheusDecoder
from sensorium.ingest.recording import Recording
from sensorium.ingest.syslog import SyslogDecoder
from sensorium.observe import Observe
from sensorium.pipeline.arrivals import recorded_arrivals

_STEPS = 24


def main() -> None:
    """Decode the first two minutes of a bundled recording; numba keeps what it compiled."""
    settings, observe = Settings().ingest, Observe()
    netflow = NetflowDecoder(settings.netflow, observe)
    syslog = SyslogDecoder(settings.syslog, observe)
    prometheus = PrometheusDecoder(settings.prometheus, observe)
    for folder in bundled_recordings()[:1]:
        steps = recorded_arrivals(Recording.open(folder))
        for _, arrivals in zip(range(_STEPS), steps, strict=False):
            is_syslog = arrivals.datagrams.dst_port == 5514
            netflow.decode(arrivals.datagrams.select(~is_syslog))
            syslog.decode(arrivals.datagrams.select(is_syslog))
            prometheus.decode(arrivals.scrapes)


if __name__ == "__main__":
    main()

"""The receivers of what comes over connections and over DTLS, as the settings ask for them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from sensorium.component import Component

if TYPE_CHECKING:
    from sensorium.config import Settings
    from sensorium.observe import Observe
    from sensorium.pipeline.inbox import Inbox
    from sensorium.process.handover import Handover


class Stream(Component, Protocol):
    """A receiver whose sockets are taken before anything runs."""

    def bind(self) -> None:
        """Open the sockets. SensoriumError where one cannot be had."""


def build_streams(
    settings: Settings, inbox: Inbox, observe: Observe, handover: Handover
) -> list[Stream]:
    """Those that are enabled; what the others need is not loaded."""
    ingest = settings.ingest
    found: list[Stream] = []
    if ingest.syslog_stream.enabled:
        from sensorium.ingest.transport import SyslogStreamReceiver

        found.append(
            SyslogStreamReceiver(
                *(ingest.syslog_stream, inbox.put_messages, observe),
                busy=inbox.busy,
                clock_ns=time.time_ns,
                handover=handover,
            )
        )
    if ingest.ipfix_stream.enabled:
        from sensorium.ingest.transport import IpfixStreamReceiver

        found.append(
            IpfixStreamReceiver(
                *(ingest.ipfix_stream, inbox.put_flow_messages, observe),
                busy=inbox.busy,
                clock_ns=time.time_ns,
                handover=handover,
            )
        )
    if ingest.ipfix_dtls.enabled or ingest.syslog_dtls.enabled:
        found += _dtls(settings, inbox, observe)
    return found


def _dtls(settings: Settings, inbox: Inbox, observe: Observe) -> list[Stream]:
    """Syslog is framed as on its streams."""
    from sensorium.ingest.transport.dtls import DtlsReceiver
    from sensorium.ingest.transport.stream.ipfix import IpfixStream
    from sensorium.ingest.transport.stream.syslog import SyslogStream

    ingest = settings.ingest
    parts = (
        ("ipfix_dtls", ingest.ipfix_dtls, IpfixStream(), inbox.put_flow_messages),
        ("syslog_dtls", ingest.syslog_dtls, SyslogStream(ingest.syslog_stream), inbox.put_messages),
    )
    return [
        DtlsReceiver(
            *(name, config, protocol, deliver, observe), busy=inbox.busy, clock_ns=time.time_ns
        )
        for name, config, protocol, deliver in parts
        if config.enabled
    ]

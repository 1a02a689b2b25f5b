"""The TLS files that settings name, for ``config check`` and ``doctor``, which open them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.config import Settings
    from sensorium.listening.tls_files import TlsFiles


def tls_files(settings: Settings) -> Iterator[TlsFiles]:
    """Those of each listener that the settings switch on."""
    ingest = settings.ingest
    for setting, port in (("ingest.http", ingest.http), ("ingest.grpc", ingest.grpc)):
        if port.enabled and (files := port.tls_files(setting)):
            yield files
    for setting, tls, wanted in (
        ("ingest.ipfix_stream", ingest.ipfix_stream.tls, ingest.ipfix_stream.secure),
        ("ingest.ipfix_dtls", ingest.ipfix_dtls.tls, ingest.ipfix_dtls.enabled),
        ("ingest.syslog_stream", ingest.syslog_stream.tls, ingest.syslog_stream.secure),
        ("ingest.syslog_dtls", ingest.syslog_dtls.tls, ingest.syslog_dtls.enabled),
    ):
        if wanted and (files := tls.files(f"{setting}.tls")):
            yield files

"""TLS at the door: a certificate and its key, read once at the start."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from sensorium.listening.tls_files import NamedFile, TlsFiles, load_chain

if TYPE_CHECKING:
    from sensorium.gateway.door.config import DoorConfig


def tls_of(config: DoorConfig) -> ssl.SSLContext | None:
    """TLS 1.2 or newer with the settings' certificate; None where they name none.

    ``UsageError`` where the files are not what they should be; no word of what is in them.
    """
    if config.certificate is None or config.private_key is None:
        return None
    files = TlsFiles(
        NamedFile("door.certificate", str(config.certificate)),
        NamedFile("door.private_key", str(config.private_key)),
    )
    files.check()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    load_chain(context, files)
    return context

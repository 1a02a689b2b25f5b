"""TLS at the door: a certificate and its key, read once at the start."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from sensorium.errors import UsageError

if TYPE_CHECKING:
    from sensorium.gateway.door.config import DoorConfig


def tls_of(config: DoorConfig) -> ssl.SSLContext | None:
    """TLS 1.2 or newer with the settings' certificate; None where they name none.

    ``UsageError`` where the files are not what they should be; no word of what is in them.
    """
    if config.certificate is None or config.private_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        # A key with a passphrase would else be asked for on the terminal.
        context.load_cert_chain(config.certificate, config.private_key, password=_nobody)
    except (OSError, ssl.SSLError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "not a pair"
        raise UsageError(
            f"{config.certificate} and {config.private_key} cannot be used for TLS: {why}",
            next_step="name a PEM file of the certificate and its chain as door.certificate, and "
            "its key, without a passphrase, as door.private_key",
        ) from None
    return context


def _nobody() -> str:
    raise ValueError("the key has a passphrase")

"""TLS as servers here speak it: 1.2 and 1.3, forward secrecy, authenticated encryption."""

from __future__ import annotations

import ssl
from typing import Final

from sensorium.errors import SensoriumError

# RFC 9325 4.2: ephemeral key exchange and AEAD only. TLS 1.3 has no other suites anyway.
_CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"


def server_context(certificate: str, key: str, client_ca: str = "") -> ssl.SSLContext:
    """A context for accepting connections; the arguments name PEM files.

    With ``client_ca`` every client must show a certificate that one of those CAs signed (mutual
    TLS). SensoriumError where a file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    # Renegotiation and compression cost the server more than they give (RFC 9325 3.3, 3.4).
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise _unusable(f"certificate {certificate} with key {key}", error) from error
    if client_ca:
        try:
            context.load_verify_locations(client_ca)
        except (OSError, ssl.SSLError) as error:
            raise _unusable(f"certificate authorities {client_ca}", error) from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _unusable(what: str, error: Exception) -> SensoriumError:
    return SensoriumError(
        f"the TLS {what} cannot be used: {error}",
        unaffected="nothing was started",
        next_step="check that the files exist, are PEM, and belong together",
    )

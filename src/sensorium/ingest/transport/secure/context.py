"""OpenSSL contexts for TLS and DTLS servers, as RFC 9325 recommends them.

Version 1.2 at least, forward secrecy and authenticated encryption only, no compression, no
renegotiation, no resumption. OpenSSL is spoken to through pyOpenSSL, since Python's own library
has no DTLS, and lets nobody judge a certificate within the handshake: here a peer that is not
let in is told so by an alert, before it has sent anything (RFC 5425 section 5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL, crypto

from sensorium.errors import SensoriumError
from sensorium.ingest.transport.secure.errors import said
from sensorium.ingest.transport.secure.peers import Peers
from sensorium.ingest.transport.stream.config import StreamTlsConfig, TlsVersion
from sensorium.listening.tls_files import TlsFiles

_CIPHERS: Final = b"ECDHE+AESGCM:ECDHE+CHACHA20"
_DTLS_1_2: Final = 0xFEFD
_LEAST: Final = {TlsVersion.TLS_1_2: SSL.TLS1_2_VERSION, TlsVersion.TLS_1_3: SSL.TLS1_3_VERSION}
# What is wrong with a certificate that nobody vouches for: x509_vfy.h names them so.
_UNVOUCHED: Final = frozenset({18, 20, 21, 27})


class SecureDoor:
    """Holds the context of a server; with ``datagrams``, which prepares it further, one of DTLS.

    The files are read again when they change, so that a renewed certificate needs no restart;
    connections that stand keep the old one.
    """

    def __init__(
        self,
        config: StreamTlsConfig,
        setting: str,
        *,
        datagrams: Callable[[SSL.Context], None] | None = None,
    ) -> None:
        self._config = config
        self._setting = setting
        self._datagrams = datagrams
        self._peers = Peers(config.allowed_peers)
        self._files = config.files(f"{setting}.tls")
        self._stamp: tuple[int, ...] = ()
        self._context: SSL.Context | None = None

    @property
    def context(self) -> SSL.Context:
        """The context, after :meth:`load`."""
        assert self._context is not None, "load() comes first"
        return self._context

    def load(self) -> None:
        """Read certificate, key and authorities. SensoriumError where that cannot be done."""
        assert self._files is not None, "checked when the settings were read"
        stamp = self._files.stamp()
        self._files.check()
        try:
            self._context = self._made(self._files)
        except (OSError, ValueError, SSL.Error, crypto.Error) as error:
            raise SensoriumError(
                f"cannot use the TLS certificate {self._config.certificate}: {said(error)}",
                unaffected="nothing was received and nothing is lost but what is sent meanwhile",
                next_step=f"check {self._setting}.tls: certificate, private_key, client_ca",
            ) from error
        self._stamp = stamp

    def doubts(self, now: datetime) -> Iterator[str]:
        """What is doubtful of files that can be used, such as that a certificate has expired."""
        return iter(()) if self._files is None else self._files.doubts(now)

    def refresh(self) -> bool:
        """Load anew where a file has changed; whether it did. What is bad leaves the old."""
        stamp = () if self._files is None else self._files.stamp()
        if not stamp or stamp == self._stamp:
            return False
        self.load()
        return True

    def _made(self, files: TlsFiles) -> SSL.Context:
        config = self._config
        context = SSL.Context(SSL.DTLS_SERVER_METHOD if self._datagrams else SSL.TLS_SERVER_METHOD)
        context.set_min_proto_version(
            _DTLS_1_2 if self._datagrams else _LEAST[config.least_version]
        )
        context.set_cipher_list(_CIPHERS)
        context.set_options(
            SSL.OP_NO_COMPRESSION
            | SSL.OP_NO_RENEGOTIATION
            | SSL.OP_CIPHER_SERVER_PREFERENCE
            | SSL.OP_NO_TICKET
        )
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        # A single certificate may stand in the file of authorities and vouch for itself.
        context.get_cert_store().set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)  # type: ignore[union-attr]  # a context has a store
        context.use_certificate_chain_file(files.certificate.path)
        context.use_privatekey_file(files.private_key.path)
        context.check_privatekey()
        if files.client_ca is not None:
            context.load_verify_locations(files.client_ca.path)
        if config.asks_for_certificates:
            context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, self._judge)
        if self._datagrams is not None:
            self._datagrams(context)
        return context

    def _judge(
        self, _: SSL.Connection, certificate: crypto.X509, error: int, depth: int, ok: int
    ) -> bool:
        """OpenSSL's question, for each certificate of a chain and for each fault found in it."""
        if depth:
            return bool(ok)
        der = certificate.to_cryptography().public_bytes(Encoding.DER)
        if not ok:
            return error in _UNVOUCHED and self._peers.knows(der)
        return self._peers.admits(der)

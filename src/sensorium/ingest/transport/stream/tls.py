"""TLS for syslog (RFC 5425, with the cipher suites of RFC 9662): the server's side, and its peers.

TLS 1.2 at least, forward secrecy and authenticated encryption only, no compression and no
renegotiation. A client shows a certificate where authorities are configured, and may further be
known by its name or by the fingerprint of its certificate.
"""

from __future__ import annotations

import hashlib
import ipaddress
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from sensorium.errors import SensoriumError
from sensorium.ingest.transport.stream.config import StreamTlsConfig, fingerprint_of

_CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"


class TlsDoor:
    """Makes TLS connections of accepted sockets, and says whose certificate is let in.

    The certificate is read again when its file changes, so that a renewed one needs no restart;
    connections that stand keep the old one.
    """

    def __init__(self, config: StreamTlsConfig, setting: str = "ingest.syslog_stream") -> None:
        self._config = config
        self._setting = setting
        self._stamp: tuple[int, ...] = ()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        marks = [(peer, fingerprint_of(peer)) for peer in config.allowed_peers]
        self._names = tuple(ascii_name(name) for name, mark in marks if mark is None)
        self._fingerprints = frozenset(mark for _, mark in marks if mark is not None)

    def load(self) -> None:
        """Read certificate, key and authorities. SensoriumError where that cannot be done."""
        stamp = self._files_stamp()
        try:
            self._context = self._made()
        except (OSError, ValueError) as error:
            raise SensoriumError(
                f"cannot use the TLS certificate {self._config.certificate}: {error}",
                unaffected="nothing was received and nothing is lost but what is sent meanwhile",
                next_step=f"check {self._setting}.tls: certificate, private_key, client_ca",
            ) from error
        self._stamp = stamp

    def refresh(self) -> bool:
        """Load anew where a file has changed; whether it did. What is bad leaves the old."""
        if self._files_stamp() == self._stamp:
            return False
        self.load()
        return True

    def wrap(self, raw: Any) -> ssl.SSLSocket:
        """The TLS side of an accepted socket, before its handshake."""
        return self._context.wrap_socket(
            raw, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=True
        )

    def admits(self, peer: ssl.SSLSocket) -> bool:
        """Whether a client whose handshake is done may send (RFC 5425 section 5.2)."""
        if not self._config.allowed_peers:
            return True
        certificate = peer.getpeercert(binary_form=True)
        if certificate is None:
            return False
        for name, digest in self._fingerprints:
            if hashlib.new(name, certificate, usedforsecurity=False).digest() == digest:
                return True
        return any(_matches(wanted, names_of(peer.getpeercert())) for wanted in self._names)

    def _made(self) -> ssl.SSLContext:
        config = self._config
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(_CIPHERS)
        context.options |= (
            ssl.OP_NO_COMPRESSION
            | ssl.OP_NO_RENEGOTIATION
            | ssl.OP_CIPHER_SERVER_PREFERENCE
            | ssl.OP_NO_TICKET
        )
        # A single certificate may stand in the file of authorities and vouch for itself.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_cert_chain(config.certificate, config.private_key or None)
        if config.client_ca:
            context.load_verify_locations(config.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _files_stamp(self) -> tuple[int, ...]:
        config = self._config
        files = (config.certificate, config.private_key, config.client_ca)
        try:
            return tuple(Path(name).stat().st_mtime_ns for name in files if name)
        except OSError:
            return self._stamp or (0,)


def names_of(certificate: Any) -> frozenset[str]:
    """The DNS names and addresses of a verified certificate, and its common names, in lower case.

    ``certificate`` is what :meth:`ssl.SSLSocket.getpeercert` gives.
    """
    stated = certificate or {}
    names = {
        value.lower()
        for kind, value in stated.get("subjectAltName", ())
        if kind in ("DNS", "IP Address")
    }
    for part in stated.get("subject", ()):
        names |= {value.lower() for key, value in part if key == "commonName"}
    return frozenset(names)


def ascii_name(name: str) -> str:
    """A name as certificates state it: in lower case, and in its ASCII form (RFC 5890).

    ValueError for what can be no name.
    """
    try:
        return name.lower().encode("idna").decode() if not name.isascii() else name.lower()
    except UnicodeError as error:
        raise ValueError(f"{name!r} is no name: {error}") from error


def _matches(wanted: str, names: Iterable[str]) -> bool:
    """Whether a setting, a whole name or ``*.example.net`` (one label), is among them.

    A certificate may have a wildcard for its left-most label too (RFC 5425 section 5.2); it
    stands for names and never for addresses.
    """
    if wanted.startswith("*."):
        return any(name.partition(".")[2] == wanted[2:] and name[0] != "." for name in names)
    return wanted in names or (not _is_address(wanted) and f"*.{wanted.partition('.')[2]}" in names)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True

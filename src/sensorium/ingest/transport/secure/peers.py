"""Whose certificate is let in: by the names in it, or by its fingerprint (RFC 5425 section 5)."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from sensorium.ingest.transport.stream.config import fingerprint_of

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


class Peers:
    """The peers that a setting lists; an empty list lets in every certificate that is valid."""

    def __init__(self, allowed: Iterable[str]) -> None:
        marks = [(peer, fingerprint_of(peer)) for peer in allowed]
        self._anyone = not marks
        self._names = tuple(ascii_name(name) for name, mark in marks if mark is None)
        self._fingerprints: Final = frozenset(mark for _, mark in marks if mark is not None)

    def admits(self, certificate: bytes) -> bool:
        """Whether the owner of a valid certificate, in DER, is let in."""
        return self._anyone or self.knows(certificate) or self._has_name(certificate)

    def knows(self, certificate: bytes) -> bool:
        """Whether a certificate is listed by its fingerprint: it needs nobody to vouch for it."""
        return any(
            hashlib.new(name, certificate, usedforsecurity=False).digest() == digest
            for name, digest in self._fingerprints
        )

    def _has_name(self, certificate: bytes) -> bool:
        if not self._names:
            return False
        from cryptography.x509 import load_der_x509_certificate

        try:
            names = names_of(load_der_x509_certificate(certificate))
        except ValueError:  # OpenSSL took it; what it says cannot be read all the same
            return False
        return any(_matches(wanted, names) for wanted in self._names)


def names_of(certificate: Certificate) -> frozenset[str]:
    """A certificate's DNS names and addresses, and its common names, in lower case."""
    return frozenset(name.lower() for name in _names(certificate))


def _names(certificate: Certificate) -> Iterator[str]:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
        yield attribute.value if isinstance(attribute.value, str) else attribute.value.decode()
    try:
        stated = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    yield from stated.get_values_for_type(x509.DNSName)
    yield from map(str, stated.get_values_for_type(x509.IPAddress))


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

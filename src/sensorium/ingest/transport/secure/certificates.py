"""Key pairs with self-signed certificates, and fingerprints (RFC 5425 sections 4.2.1 and 4.2.2)."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sensorium.errors import SensoriumError

_RSA_BITS: Final = 3072
# Clocks of devices are not all right.
_BEFORE: Final = timedelta(hours=1)


class KeyKind(StrEnum):
    """What a key pair is for: every peer understands RSA, and ECDSA is quicker."""

    RSA = "rsa"
    ECDSA = "ecdsa"


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What people want to know of a certificate; ``fingerprints`` as RFC 5425 writes them."""

    subject: str
    names: tuple[str, ...]
    not_after: datetime
    fingerprints: tuple[str, ...]


def facts_of(file: Path) -> CertificateFacts:
    """The first certificate of a PEM file. SensoriumError where there is none."""
    try:
        certificate = x509.load_pem_x509_certificates(file.read_bytes())[0]
    except (OSError, ValueError) as error:
        raise SensoriumError(
            f"{file} cannot be read as a certificate: {error}",
            next_step="name a PEM file that begins with BEGIN CERTIFICATE, or holds such a part",
        ) from error
    return _facts(certificate)


def make_certificate(
    certificate_file: Path,
    key_file: Path,
    *,
    names: tuple[str, ...],
    days: int,
    kind: KeyKind,
    now: datetime,
) -> CertificateFacts:
    """Write a new key, readable by its owner only, and its self-signed certificate.

    ``names`` are DNS names and addresses, of which there is at least one. SensoriumError where a
    file exists already or cannot be written, or a name cannot be one.
    """
    key = ec.generate_private_key(ec.SECP256R1()) if kind is KeyKind.ECDSA else _rsa()
    certificate = _certificate(key, names, now, days)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        _write(key_file, secret, 0o600)
        try:
            _write(certificate_file, certificate.public_bytes(Encoding.PEM), 0o644)
        except OSError:
            key_file.unlink()  # a key without its certificate would be in the next one's way
            raise
    except FileExistsError as error:
        raise SensoriumError(
            f"{error.filename} exists already",
            unaffected="it was left as it is",
            next_step="choose another name or folder, or move it away",
        ) from error
    except OSError as error:
        raise SensoriumError(f"cannot write {error.filename}: {error.strerror}") from error
    return _facts(certificate)


def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=_RSA_BITS)


def _certificate(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    names: tuple[str, ...],
    now: datetime,
    days: int,
) -> x509.Certificate:
    try:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        stated = x509.SubjectAlternativeName([_general(name) for name in names])
    except ValueError as error:
        raise SensoriumError(f"{names} cannot be names of a certificate: {error}") from error
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(stated, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(file: Path, content: bytes, mode: int) -> None:
    made = os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb")
    try:
        with made as opened:
            opened.write(content)
    except OSError as error:
        file.unlink()
        raise OSError(error.errno, error.strerror, str(file)) from error


def _facts(certificate: x509.Certificate) -> CertificateFacts:
    from sensorium.ingest.transport.secure.peers import names_of

    marks = (("sha-256", hashes.SHA256()), ("sha-1", hashes.SHA1()))
    return CertificateFacts(
        subject=certificate.subject.rfc4514_string(),
        names=tuple(sorted(names_of(certificate))),
        not_after=certificate.not_valid_after_utc,
        fingerprints=tuple(
            f"{name}:{certificate.fingerprint(kind).hex(':').upper()}" for name, kind in marks
        ),
    )

"""The key that signs evidence: Ed25519, made when first needed, readable by its owner only."""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sensorium.errors import SensoriumError

_CONTEXT = b"sensorium evidence 1\n"


class EvidenceKeyError(SensoriumError):
    """The key cannot be used."""


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The private key in ``path``; made there, with its public half beside it, where none is."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return _made(path)
    except OSError as error:
        raise EvidenceKeyError(f"{path}: cannot be read: {error.strerror}") from error
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise EvidenceKeyError(
            f"{path}: others than its owner may read the key that signs evidence",
            next_step=f"chmod 600 {path}, or move it away for a new one to be made",
        )
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except ValueError as error:
        raise EvidenceKeyError(f"{path}: is not a private key in PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise EvidenceKeyError(f"{path}: is not an Ed25519 key")
    return key


def _made(path: Path) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was quicker
        return signing_key(path)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    public_path(path).write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return key


def public_path(path: Path) -> Path:
    """Where the public half of a key is kept, for those who verify."""
    return path.with_suffix(".pub")


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key in a PEM file."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise EvidenceKeyError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise EvidenceKeyError(f"{path}: is not a public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise EvidenceKeyError(f"{path}: is not an Ed25519 key")
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """A key's name in records: the beginning of the SHA-256 of its 32 bytes."""
    return sha256(key.public_bytes_raw()).hexdigest()[:16]


def sign(key: Ed25519PrivateKey, digest: bytes) -> bytes:
    """The signature of a record's digest."""
    return key.sign(_CONTEXT + digest)


def is_signed(key: Ed25519PublicKey, digest: bytes, signature: bytes) -> bool:
    """Whether the signature is the key's, of this digest."""
    try:
        key.verify(signature, _CONTEXT + digest)
    except InvalidSignature:
        return False
    return True

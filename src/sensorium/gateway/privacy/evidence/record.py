"""One record: a line of JSON that names the one before it, with its digest and a signature.

``{"body": {...}, "digest": "...", "signature": "..."}``. The digest is the SHA-256 of the body as
canonical JSON (sorted names, no spaces, ASCII); the body holds the digest of the record before, its
own number from 1, and the id of the key. There is nothing of what was asked or answered in it.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sensorium.gateway.privacy.evidence.keys import is_signed, sign

FIRST: Final = "0" * 64
# Names of the chain's own, which an entry may not use.
OWN: Final = frozenset({"number", "previous", "key"})


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it was read. ``fault`` says what is wrong with it by itself, '' if nothing."""

    body: Mapping[str, Any]
    digest: str
    fault: str = ""

    @property
    def request(self) -> str:
        """The request that it is about."""
        return str(self.body.get("request", ""))


def written(
    entry: Mapping[str, Any], number: int, previous: str, key: Ed25519PrivateKey, name: str
) -> tuple[bytes, str]:
    """The line for an entry, and its digest."""
    if clash := OWN & entry.keys():
        raise ValueError(f"an entry cannot say {', '.join(sorted(clash))}")
    body = {**entry, "number": number, "previous": previous, "key": name}
    digest = sha256(_canonical(body)).digest()
    line = {
        "body": body,
        "digest": digest.hex(),
        "signature": b64encode(sign(key, digest)).decode(),
    }
    return _canonical(line) + b"\n", digest.hex()


def read(line: bytes, key: Ed25519PublicKey, name: str) -> Record:
    """A line, with what is wrong with it by itself."""
    try:
        value = json.loads(line)
        body, digest = value["body"], value["digest"]
        signature = b64decode(value["signature"], validate=True)
    except (ValueError, KeyError, TypeError):
        return Record({}, "", "it is not a record")
    if not isinstance(body, dict) or not isinstance(digest, str):
        return Record({}, "", "it is not a record")
    actual = sha256(_canonical(body)).digest()
    if actual.hex() != digest:
        return Record(body, digest, "it was changed: its digest is another")
    if body.get("key") != name:
        return Record(body, digest, f"it was signed by another key, {body.get('key')}")
    if not is_signed(key, actual, signature):
        return Record(body, digest, "its signature is not of this key")
    return Record(body, digest)


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()

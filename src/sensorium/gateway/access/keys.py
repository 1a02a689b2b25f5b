"""Virtual keys: made once, shown once, kept as a hash.

A key is ``sk-sens-PREFIX-SECRET``. The secret has 256 random bits, so that its plain SHA-256 can be
kept: there is no word list to try, which is what slow password hashes are against, and a fast one
keeps the door quick. The prefix finds the row; the hash of the whole key is compared in constant
time.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

MARK: Final = "sk-sens-"
_KEY: Final = re.compile(r"sk-sens-([0-9a-f]{12})-[\w-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. ``text`` is never stored and cannot be had again."""

    text: str
    prefix: str
    hash: str

    def __repr__(self) -> str:
        return f"NewKey(prefix={self.prefix!r})"


def new_key() -> NewKey:
    """A key that nobody has."""
    prefix = secrets.token_hex(6)
    text = f"{MARK}{prefix}-{secrets.token_urlsafe(32)}"
    return NewKey(text, prefix, hash_of(text).hex())


def hash_of(credential: str) -> bytes:
    """SHA-256 of a whole credential: what caches and rows are looked up by, never a part of it."""
    return hashlib.sha256(credential.encode("utf-8", "surrogatepass")).digest()


def prefix_of(credential: str) -> str:
    """The prefix of what has a key's form; empty for anything else."""
    found = _KEY.fullmatch(credential)
    return found[1] if found else ""


def is_hash_of(stored: str, credential: str) -> bool:
    """Whether a credential is the one whose hash is stored, compared in constant time."""
    return hmac.compare_digest(stored.encode(), hash_of(credential).hex().encode())

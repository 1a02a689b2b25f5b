"""Ids of tool calls, which each provider limits in its own way."""

from __future__ import annotations

import hashlib
import re
from typing import Final

_ODD: Final = re.compile(r"[^a-zA-Z0-9_-]")


def fitting(identity: str, longest: int = 64) -> str:
    """The id if it fits (letters, digits, ``_`` and ``-``), or else one that stands for it.

    The same id always gives the same one, so that a call and its result still belong together.
    """
    if 0 < len(identity) <= longest and not _ODD.search(identity):
        return identity
    digest = hashlib.blake2s(identity.encode("utf-8", "replace"), digest_size=6).hexdigest()
    return f"{_ODD.sub('_', identity)[: longest - 13]}_{digest}"


def short(identity: str, longest: int = 40) -> str:
    """The same, where only the length is limited."""
    return identity if len(identity) <= longest else fitting(identity, longest)

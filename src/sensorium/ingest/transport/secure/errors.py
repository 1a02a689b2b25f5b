"""What OpenSSL says of an error, for people."""

from __future__ import annotations

from typing import Any


def said(error: Exception) -> str:
    """The reasons that OpenSSL gives, or what another error says itself."""
    reasons: Any = error.args[0] if error.args else ()
    if not isinstance(reasons, list):
        return str(error) or type(error).__name__
    return ", ".join(str(reason) for *_, reason in reasons) or type(error).__name__

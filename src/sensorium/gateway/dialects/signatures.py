"""Signatures of reasoning, marked with the dialect whose providers can read them.

A caller keeps them between turns, whatever dialect it speaks: OpenAI's callers may hold a Gemini
thought signature, which comes back here and goes to Gemini only. What a provider gave is written
``dialect:text``; a caller of the same dialect sees the bare text.
"""

from __future__ import annotations

from typing import Final

# The second of a pair is for reasoning that its provider shows to nobody.
_KNOWN: Final = frozenset(
    {
        "openai_chat",
        "openai_responses",
        "anthropic",
        "anthropic_redacted",
        "gemini",
        "bedrock",
        "bedrock_redacted",
    }
)


def marked(dialect: str, text: str) -> str:
    """The signature as it is kept; one that is marked already stays as it is."""
    if not text or text.partition(":")[0] in _KNOWN:
        return text
    return f"{dialect}:{text}"


def own(dialect: str, signature: str) -> str:
    """The bare text, or nothing where the signature is another's."""
    mark, colon, text = signature.partition(":")
    return text if colon and mark == dialect else ""


def bare(dialect: str, signature: str) -> str:
    """As a caller of that dialect is shown it: bare if its own, marked if another's."""
    return own(dialect, signature) or signature

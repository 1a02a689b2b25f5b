"""What a request asks for that changes its price: another service, a place, a longer cache.

Read from the body that goes to the provider, as providers name such things on their price pages:
``service_tier`` (OpenAI, Anthropic, Gemini), ``speed`` and ``inference_geo`` (Anthropic),
``serviceTier`` and ``performanceConfig`` (Amazon Bedrock). What an account or workspace has set as
its default is not in the body and cannot be known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sensorium.gateway.record import record

# The words of each field that mean the list price.
_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "service_tier": frozenset({"auto", "default", "standard", "standard_only"}),
    "serviceTier": frozenset({"auto", "default", "standard"}),
    "speed": frozenset({"standard"}),
    "inference_geo": frozenset({"global"}),
    "performanceConfig": frozenset({"standard"}),
}
# Where Amazon Bedrock puts the word inside the field.
_INSIDE: Final = ("type", "latency")
# Seconds that every price list means by a cache write, and the words for longer ones.
_SHORT: Final = frozenset({"5m"})


@record()
class Asked:
    """``tariffs`` in the providers' words, ``long_cache`` where anything is to be kept longer."""

    tariffs: tuple[str, ...] = ()
    long_cache: bool = False


PLAIN: Final = Asked()


def asked_by(body: Mapping[str, Any], *, long_cache: bool) -> Asked:
    """What a body asks for. ``long_cache`` is whether to look for that, which takes a while."""
    tariffs: tuple[str, ...] = ()
    for name, usual in _FIELDS.items():
        said = body.get(name)
        if said is not None and (word := _word(said)) not in usual:
            tariffs += (word,)
    kept_long = long_cache and _keeps_long(body)
    return Asked(tariffs, kept_long) if tariffs or kept_long else PLAIN


def _word(said: Any) -> str:
    """The tariff's name; what is no word is one that no price list knows."""
    if isinstance(said, dict):
        said = next((said[name] for name in _INSIDE if name in said), None)
    return said[:40] if isinstance(said, str) else "?"


def _keeps_long(body: Mapping[str, Any]) -> bool:
    """Whether a ``ttl`` other than five minutes stands anywhere in it."""
    left: list[Any] = [body]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            if "ttl" in value and value["ttl"] not in (None, *_SHORT):
                return True
            left.extend(value.values())
        elif isinstance(value, list | tuple):
            left.extend(value)
    return False

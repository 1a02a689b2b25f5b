"""An answer's id, model and time where its provider states none, as callers need them.

Amazon Bedrock names neither id nor model, Anthropic no time, Gemini may leave out any of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from sensorium.gateway.events import Started
from sensorium.gateway.reply import Reply

if TYPE_CHECKING:
    from sensorium.gateway.calls.facts import Facts

Named = TypeVar("Named", Reply, Started)


def named(of: Named, facts: Facts, wall_ns: int) -> Named:
    """With the request's id, the deployment's model and now, for what is not stated."""
    if of.id and of.model and of.created:
        return of
    return replace(
        of,
        id=of.id or facts.request_id,
        model=of.model or facts.model or facts.route,
        created=of.created or wall_ns // 1_000_000_000,
    )

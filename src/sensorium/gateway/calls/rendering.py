"""The body that a provider gets for a caller's request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sensorium.gateway.calls.ask import Ask
    from sensorium.gateway.conversation import Conversation
    from sensorium.gateway.dialect import Dialect


def body_for(
    ask: Ask, conversation: Conversation, dialect: Dialect, model: str, max_output: int | None
) -> Mapping[str, Any]:
    """The request in the provider's dialect, for the provider's own name of the model.

    Where the caller speaks that dialect and nothing was changed on the way, it is the caller's
    body with the model's name replaced, so that what the gateway does not know of is kept.
    ``max_output`` is a bound that the gateway adds; None adds none.
    """
    same = ask.body is not None and dialect.name == ask.dialect
    if same and conversation is ask.conversation and max_output is None:
        return _verbatim(ask, dialect, model)
    changed: dict[str, Any] = {"model": model}
    if max_output is not None:
        changed["max_output_tokens"] = max_output
    if conversation.stream and not conversation.stream_usage:
        changed["stream_usage"] = True
    return dialect.render_request(replace(conversation, **changed))


def _verbatim(ask: Ask, dialect: Dialect, model: str) -> Mapping[str, Any]:
    body = {**(ask.body or {}), "model": model}
    if ask.conversation.stream and dialect.name == "openai_chat":
        # What was used must be known to be charged; the caller does not see it unasked.
        options = body.get("stream_options")
        body["stream_options"] = {
            **(options if isinstance(options, dict) else {}),
            "include_usage": True,
        }
    return body

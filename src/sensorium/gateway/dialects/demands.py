"""Fields of a request that only its own dialect has, and without which it would be another request.

Most of what has no place in a conversation is a wish: where to keep the answer, a label, a penalty,
a hint for a cache. A provider of another dialect is not told of it. What stands here is none: the
answer would lack something that was asked for, or the data go where they were not to go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sensorium.gateway.conversation import Conversation, UntranslatableError


def _is_there(value: Any) -> bool:
    """Anything but null, false, zero and what is empty."""
    return bool(value)


def _beyond_text(value: Any) -> bool:
    return bool(value) and value != ["text"]


def _with_logprobs(value: Any) -> bool:
    return isinstance(value, list) and any("logprobs" in str(one) for one in value)


def _somewhere(value: Any) -> bool:
    """A place; ``global`` is everywhere."""
    return value not in (None, "", "global")


_DEMANDS: Final[Mapping[str, Mapping[str, Callable[[Any], bool]]]] = {
    "openai_chat": {
        "audio": _is_there,
        "modalities": _beyond_text,
        "web_search_options": lambda value: value is not None,  # {} asks for a search
        "logprobs": _is_there,
        "top_logprobs": _is_there,
        "logit_bias": _is_there,
        # vLLM's and llama.cpp's ways to bind an answer to a form.
        "structured_outputs": _is_there,
        "guided_json": _is_there,
        "guided_regex": _is_there,
        "guided_choice": _is_there,
        "guided_grammar": _is_there,
        "grammar": _is_there,
    },
    "openai_responses": {"top_logprobs": _is_there, "include": _with_logprobs},
    "anthropic": {
        "mcp_servers": _is_there,
        "container": _is_there,
        "inference_geo": _somewhere,
    },
}


def check(conversation: Conversation) -> None:
    """Raise ``UntranslatableError``, by name, for a field that another dialect would lose."""
    demands = _DEMANDS.get(conversation.dialect)
    if demands is None:
        return
    for name, value in conversation.extra.items():
        demanded = demands.get(name)
        if demanded is not None and demanded(value):
            raise UntranslatableError(
                f"{name} of {conversation.dialect} can be told to no provider of another dialect"
            )

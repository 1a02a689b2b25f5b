"""Which fields of a request reach LiteLLM's SDK: only those of OpenAI's chat that it cannot misuse.

The SDK takes its own options from the same place as the request's fields: another base URL, other
keys, callbacks, fallbacks. It also fetches pictures and files by their URL itself, and connects to
servers of tools. All of that would be a caller's to choose, so a field that is not listed, a
picture by URL and a tool that is no function are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sensorium.gateway.failure import CallFailedError
from sensorium.gateway.providers.failures import bad_request

_CHAT: Final = frozenset(
    "model messages stream stream_options temperature top_p n stop max_tokens "
    "max_completion_tokens presence_penalty frequency_penalty logit_bias user response_format seed "
    "tools tool_choice parallel_tool_calls logprobs top_logprobs reasoning_effort".split()
)
_EMBEDDINGS: Final = frozenset("model input dimensions encoding_format user".split())
_PARTS: Final = frozenset({"text", "image_url", "refusal", "thinking", "redacted_thinking"})
_FORMATS: Final = frozenset({"text", "json_object", "json_schema"})


def checked(operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments, without the model; raises ``CallFailedError`` (BAD_REQUEST)."""
    allowed = {"chat": _CHAT, "embeddings": _EMBEDDINGS}.get(operation)
    if allowed is None:
        raise bad_request(f"the provider has no {operation}", "operation")
    for name in body:
        if name not in allowed:
            raise _refused(f"the field {name[:60]!r}")
    if operation == "chat":
        _check_messages(body.get("messages"))
        _check_tools(body.get("tools") or [])
        form = body.get("response_format")
        if form is not None and (not isinstance(form, dict) or form.get("type") not in _FORMATS):
            raise _refused("this response_format")
    return {name: value for name, value in body.items() if name not in {"model", "stream"}}


def _check_messages(messages: Any) -> None:
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        raise bad_request("messages is not a list of objects", "messages")
    for message in messages:
        content = message.get("content")
        if isinstance(content, list):
            for part in content:
                _check_part(part)
        elif content is not None and not isinstance(content, str):
            raise bad_request("a message's content is neither text nor a list", "messages")


def _check_part(part: Any) -> None:
    if not isinstance(part, dict) or part.get("type") not in _PARTS:
        raise _refused("a part of a message that is neither text nor a picture")
    if part["type"] == "image_url":
        picture = part.get("image_url")
        url = picture.get("url") if isinstance(picture, dict) else picture
        if not isinstance(url, str) or not url.startswith("data:image/"):
            raise _refused("a picture that is not given as a data: URL")


def _check_tools(tools: Any) -> None:
    if not isinstance(tools, list):
        raise bad_request("tools is not a list", "tools")
    for tool in tools:
        if not isinstance(tool, dict) or tool.get("type") != "function":
            raise _refused("a tool that is not a function")


def _refused(what: str) -> CallFailedError:
    return bad_request(f"{what} cannot be passed on through LiteLLM", "unsupported")

"""Which kind of failure an error answer is, as far as all providers agree; and the way back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from sensorium.gateway.dialects import retry_after, wire
from sensorium.gateway.dialects.safe_text import safe
from sensorium.gateway.failure import CallFailedError, Failure, FailureKind

_BY_STATUS: Final = {
    400: FailureKind.BAD_REQUEST,
    401: FailureKind.UNAUTHENTICATED,
    402: FailureKind.UNAUTHENTICATED,
    403: FailureKind.UNAUTHENTICATED,
    404: FailureKind.NOT_FOUND,
    408: FailureKind.TIMEOUT,
    409: FailureKind.SERVER_ERROR,
    410: FailureKind.NOT_FOUND,
    413: FailureKind.TOO_LARGE,
    424: FailureKind.SERVER_ERROR,
    425: FailureKind.SERVER_ERROR,
    429: FailureKind.RATE_LIMITED,
    499: FailureKind.CANCELLED,
    503: FailureKind.OVERLOADED,
    504: FailureKind.TIMEOUT,
    529: FailureKind.OVERLOADED,
}
# The HTTP status that tells a caller of ours about each kind.
STATUS: Final = {
    FailureKind.RATE_LIMITED: 429,
    FailureKind.OVERLOADED: 503,
    FailureKind.TIMEOUT: 504,
    FailureKind.UNREACHABLE: 502,
    FailureKind.SERVER_ERROR: 502,
    FailureKind.CONTEXT_TOO_LONG: 400,
    FailureKind.CONTENT_FILTERED: 400,
    FailureKind.UNAUTHENTICATED: 502,  # our credential, so no fault of the caller's
    FailureKind.NOT_FOUND: 404,
    FailureKind.BAD_REQUEST: 400,
    FailureKind.TOO_LARGE: 413,
    FailureKind.PROTOCOL: 502,
    FailureKind.CANCELLED: 499,
}
_REFUSED: Final = frozenset({400, 404, 413, 422})
# No provider has a code for it on all its models; these are the words of OpenAI, Azure, vLLM,
# llama.cpp, Anthropic, Gemini and the model families on Bedrock.
_TOO_LONG: Final = re.compile(
    r"maximum context length|context[ _](?:length|window|size)|prompt is too long"
    r"|(?:input|request|prompt|messages?).{0,20} too (?:long|many tokens)"
    r"|too many (?:input )?tokens|maximum (?:number of )?(?:input )?tokens"
    r"|input token count.{0,40}exceeds|exceed.{0,30}(?:context|token limit)",
    re.IGNORECASE,
)
_FILTERED: Final = re.compile(
    r"content filter|content management policy|content[ _]policy|safety system"
    r"|guardrail|blocked by .{0,30}(?:safety|policy)|responsible ?ai",
    re.IGNORECASE,
)


def by_status(status: int) -> FailureKind:
    """The kind that an HTTP status alone says."""
    kind = _BY_STATUS.get(status)
    if kind is not None:
        return kind
    if status >= 500:
        return FailureKind.SERVER_ERROR
    return FailureKind.BAD_REQUEST if status >= 400 else FailureKind.PROTOCOL


def by_words(status: int, words: Any) -> FailureKind | None:
    """Too long a prompt, or filtered content, where only the message says so."""
    if not isinstance(words, str) or status not in _REFUSED:
        return None
    text = words[:2000]
    if _TOO_LONG.search(text):
        return FailureKind.CONTEXT_TOO_LONG
    return FailureKind.CONTENT_FILTERED if _FILTERED.search(text) else None


def failure(
    kind: FailureKind, status: int, headers: Mapping[str, str], words: Any, code: Any = ""
) -> Failure:
    """The failure, with what the provider said about it and about waiting."""
    return Failure(
        kind=kind,
        message=safe(words, f"The provider answered with status {status}."),
        status=status,
        code=code[:80] if isinstance(code, str) else str(code)[:80] if code else "",
        retry_after_s=retry_after.seconds(headers, limited=kind is FailureKind.RATE_LIMITED),
    )


def body_of(body: bytes) -> Any:
    """An error answer's JSON, or ``None``."""
    try:
        return wire.loads(body)
    except wire.NotJsonError:
        return None


def protocol(what: str) -> Failure:
    """An answer that is not what its dialect says; ``what`` names the place, never the content."""
    return Failure(FailureKind.PROTOCOL, f"The provider's answer cannot be read: {what}.")


def unreadable(what: str) -> CallFailedError:
    """The same, to be raised."""
    return CallFailedError(protocol(what))

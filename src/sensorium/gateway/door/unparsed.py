"""What is said to a caller whose request never became one: an error in the shape of its route.

It is written straight to the connection, which is closed.
"""

from __future__ import annotations

from http import HTTPStatus

from sensorium.gateway.dialects import openai_errors
from sensorium.gateway.dialects.anthropic import errors as anthropic_errors

ANTHROPIC_ROUTES = "/v1/messages"
"""Below it errors are Anthropic's; all others speak as OpenAI does."""


def refusal(status: HTTPStatus, code: str, message: str, path: str = "") -> bytes:
    """Head and body of the answer; ``path`` where the request came as far as that."""
    anthropic = path.startswith(ANTHROPIC_ROUTES)
    body_of = anthropic_errors.body_of if anthropic else openai_errors.body_of
    body = body_of(status, code, message, "")
    return b"HTTP/1.1 %d %b\r\ncontent-type: application/json\r\nconnection: close\r\n%b%b" % (
        status,
        status.phrase.encode("ascii"),
        b"content-length: %d\r\n\r\n" % len(body),
        body,
    )

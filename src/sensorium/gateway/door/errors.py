"""Errors in the shape that the caller's SDK reads."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sensorium.gateway.calls.facts import Headers
from sensorium.gateway.door.exchange import JSON

if TYPE_CHECKING:
    from sensorium.gateway.calls.rejection import RejectedError
    from sensorium.gateway.dialect import Dialect


def error_body(error: RejectedError, dialect: Dialect) -> bytes:
    """The body of a rejection."""
    return dialect.render_error(error.status, error.code, error.message, error.param)


def error_headers(error: RejectedError, now: float, request_id: str) -> Headers:
    """Its headers: when to come again, and whether at all."""
    if error.facts is not None:
        headers = [JSON, *error.facts.headers(now)]
    else:
        name = request_id.encode("ascii")
        # Of which SDK the caller's is need not be known.
        names = (b"x-sensorium-request-id", b"x-request-id", b"request-id")
        headers = [JSON, *((one, name) for one in names)]
    if error.retry_after_s is not None:
        wait = max(error.retry_after_s, 0.0)
        headers.append((b"retry-after", b"%d" % math.ceil(wait)))
        headers.append((b"retry-after-ms", b"%d" % math.ceil(wait * 1e3)))
    if error.should_retry is not None:
        headers.append((b"x-should-retry", b"true" if error.should_retry else b"false"))
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if error.status in {408, 413}:
        headers.append((b"connection", b"close"))
    return headers

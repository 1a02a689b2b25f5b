"""A request to score as it arrives: its form, and its body within the limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

from starlette.requests import ClientDisconnect

from sensorium.detect.serving.admission import Held
from sensorium.detect.serving.config import ServingConfig
from sensorium.detect.serving.forms import Form
from sensorium.detect.serving.refusal import Reason, RefusedError, shown
from sensorium.ingest.transport.http.body import TooLargeError, UndecodableError, decompress
from sensorium.ingest.transport.http.route import media_type

ENCODINGS: Final = ("identity", "gzip", "zstd")
_ANY: Final = frozenset({"*/*", "application/*"})


def form_of(headers: Mapping[str, str]) -> tuple[Form, Form]:
    """The form of the body, and that of the answer: the same unless ``Accept`` says otherwise."""
    given = media_type(headers.get("content-type", ""))
    if given not in set(Form):
        raise RefusedError(
            415,
            Reason.CONTENT_TYPE,
            f"a body of type {shown(given)} is not taken",
            next_step=f"send {Form.JSON} (curl --json) or {Form.ARROW}",
        )
    form = Form(given)
    return form, _wanted(headers.get("accept", "*/*"), form)


def _wanted(accept: str, form: Form) -> Form:
    """RFC 9110 section 12.5.1: the greatest weight first, of equal ones the first named."""
    named: list[tuple[float, str]] = []
    for part in accept.split(","):
        kind, _, parameters = part.partition(";")
        named.append((_weight(parameters), kind.strip().lower()))
    for weight, kind in sorted(named, key=lambda one: -one[0]):
        if weight > 0.0 and kind in _ANY:
            return form
        if weight > 0.0 and kind in set(Form):
            return Form(kind)
    raise RefusedError(
        406,
        Reason.ACCEPT,
        f"an answer of type {shown(accept)} cannot be given",
        next_step=f"accept {Form.JSON} or {Form.ARROW}",
    )


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def check_encoding(headers: Mapping[str, str]) -> str:
    """The content encoding."""
    encoding = headers.get("content-encoding", "identity").strip().lower() or "identity"
    if encoding not in ENCODINGS:
        raise RefusedError(
            415,
            Reason.CONTENT_ENCODING,
            f"the content encoding {shown(encoding)} is not known",
            next_step=f"known are {', '.join(ENCODINGS)}",
        )
    return encoding


def largest(config: ServingConfig) -> int:
    """How large a body may be: one that could never be in hand is too large, and not early."""
    return min(config.max_body_bytes, config.max_held_bytes)


def check_length(headers: Mapping[str, str], config: ServingConfig) -> None:
    """Refuse a body that is said to be too large before any of it is read."""
    said = headers.get("content-length", "0")
    if said.isascii() and said.isdigit() and int(said[:20]) > largest(config):
        raise _too_large(largest(config))


async def arrived(
    stream: AsyncIterator[bytes], held: Held, config: ServingConfig, encoding: str
) -> bytes:
    """The whole body, decompressed. However slowly it comes, nothing else waits for it."""
    try:
        async with asyncio.timeout(config.body_timeout_s):
            body = await _read(stream, held, largest(config))
    except TimeoutError as error:
        raise RefusedError(
            408,
            Reason.SLOW,
            f"the body did not arrive within {config.body_timeout_s:g} seconds",
            next_step="send fewer rows at a time",
        ) from error
    except ClientDisconnect as error:
        raise RefusedError(400, Reason.DISCONNECTED, "the body was cut short") from error
    if encoding == "identity":
        return body
    try:
        plain = await asyncio.to_thread(decompress, body, encoding, largest(config))
    except TooLargeError as error:
        raise RefusedError(
            413,
            Reason.DECOMPRESSED,
            f"a body may have {largest(config):,} bytes at most when decompressed",
            next_step="send fewer rows at a time",
        ) from error
    except UndecodableError as error:
        raise RefusedError(400, Reason.UNDECODABLE, str(error)) from error
    held.take(max(0, len(plain) - len(body)))
    return plain


async def _read(stream: AsyncIterator[bytes], held: Held, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in stream:
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        held.take(len(chunk))
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(limit: int) -> RefusedError:
    return RefusedError(
        413,
        Reason.TOO_LARGE,
        f"a body may have {limit:,} bytes at most",
        next_step="send fewer rows at a time",
    )

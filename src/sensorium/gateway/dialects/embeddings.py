"""Requests for embeddings and their answers: OpenAI's for callers, and those of the providers.

OpenAI, "Create embeddings"; Gemini API, "Embeddings" (``batchEmbedContents``); Amazon Bedrock,
"Amazon Titan Text Embeddings" and "Cohere Embed" (``InvokeModel``).
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sensorium.gateway.conversation import UntranslatableError
from sensorium.gateway.dialect import BadRequestError
from sensorium.gateway.dialects import fields
from sensorium.gateway.dialects.failures import unreadable

_KNOWN: Final = frozenset({"model", "input", "dimensions", "encoding_format", "user"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingRequest:
    """Texts (or their tokens) to embed. ``encoding`` is ``float`` or ``base64``.

    ``extra`` goes on to OpenAI-compatible providers as it came, and to no others.
    """

    model: str
    inputs: tuple[str | tuple[int, ...], ...]
    dimensions: int | None = None
    encoding: str = "float"
    user: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingReply:
    """One vector for each input, in their order. ``tokens`` were read, where that is stated."""

    model: str
    vectors: tuple[Sequence[float], ...]
    tokens: int | None = None


def parse_openai_request(body: Mapping[str, Any]) -> EmbeddingRequest:
    """A caller's body; raises ``BadRequestError``."""
    encoding = fields.optional_text(body, "encoding_format", "encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise BadRequestError("encoding_format: expected float or base64", "encoding_format")
    return EmbeddingRequest(
        model=fields.text(body, "model", "model"),
        inputs=_inputs(fields.need(body, "input", "input")),
        dimensions=fields.whole(body, "dimensions", "dimensions", 1),
        encoding=encoding,
        user=fields.optional_text(body, "user", "user"),
        extra=fields.rest(body, _KNOWN) or {},
    )


def render_openai_request(request: EmbeddingRequest) -> dict[str, Any]:
    """A provider's body. Numbers are always asked for as base64, which is a third of the bytes."""
    body: dict[str, Any] = dict(request.extra)
    body["model"] = request.model
    body["input"] = [value if isinstance(value, str) else list(value) for value in request.inputs]
    body["encoding_format"] = "base64"
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    if request.user:
        body["user"] = request.user
    return body


def parse_openai_reply(body: Mapping[str, Any]) -> EmbeddingReply:
    """A provider's answer, in either encoding; raises ``CallFailedError``."""
    try:
        rows = fields.sequence(fields.need(body, "data", "data"), "data")
        vectors: list[Sequence[float] | None] = [None] * len(rows)
        for place, row in enumerate(rows):
            index = row.get("index", place)
            vectors[index] = _vector(row["embedding"])
        usage = body.get("usage")
        tokens = usage.get("prompt_tokens") if isinstance(usage, dict) else None
        if any(vector is None for vector in vectors):
            raise unreadable("an embedding is missing")
        return EmbeddingReply(
            model=fields.optional_text(body, "model", "model"),
            vectors=tuple([vector for vector in vectors if vector is not None]),
            tokens=tokens if type(tokens) is int else None,
        )
    except (BadRequestError, *_WRONG) as error:
        raise unreadable(_why(error)) from None


def render_openai_reply(reply: EmbeddingReply, encoding: str = "float") -> dict[str, Any]:
    """The answer for a caller."""
    tokens = reply.tokens or 0
    return {
        "object": "list",
        "data": [
            {
                "object": "embedding",
                "index": index,
                "embedding": _base64(vector) if encoding == "base64" else list(vector),
            }
            for index, vector in enumerate(reply.vectors)
        ],
        "model": reply.model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def render_gemini_request(request: EmbeddingRequest) -> dict[str, Any]:
    """``batchEmbedContents``. Raises ``UntranslatableError`` for tokens instead of text."""
    model = request.model if "/" in request.model else f"models/{request.model}"
    requests = []
    for text in _texts(request, "Gemini"):
        one: dict[str, Any] = {"model": model, "content": {"parts": [{"text": text}]}}
        if request.dimensions is not None:
            one["outputDimensionality"] = request.dimensions
        requests.append(one)
    return {"requests": requests}


def parse_gemini_reply(body: Mapping[str, Any], model: str = "") -> EmbeddingReply:
    """The answer of ``batchEmbedContents``; raises ``CallFailedError``."""
    try:
        rows = fields.sequence(fields.need(body, "embeddings", "embeddings"), "embeddings")
        usage = body.get("usageMetadata")
        tokens = usage.get("promptTokenCount") if isinstance(usage, dict) else None
        return EmbeddingReply(
            model=model,
            vectors=tuple([_numbers(row["values"]) for row in rows]),
            tokens=tokens if type(tokens) is int else None,
        )
    except (BadRequestError, *_WRONG) as error:
        raise unreadable(_why(error)) from None


def render_bedrock_request(request: EmbeddingRequest) -> dict[str, Any]:
    """``InvokeModel`` for Cohere's models (by their id) or else for Titan's.

    Raises ``UntranslatableError`` for tokens, and for several texts with Titan, which takes one.
    """
    texts = _texts(request, "Bedrock")
    body: dict[str, Any]
    if is_cohere(request.model):
        body = {"texts": texts, "input_type": "search_document", "embedding_types": ["float"]}
        if request.dimensions is not None:
            body["output_dimension"] = request.dimensions
        return body
    if len(texts) != 1:
        raise UntranslatableError("Titan's models embed one text for each request")
    body = {"inputText": texts[0]}
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    return body


def is_cohere(model: str) -> bool:
    """Whether a model of Bedrock's takes Cohere's body."""
    return "cohere." in model


def parse_bedrock_reply(body: Mapping[str, Any], model: str = "") -> EmbeddingReply:
    """Either kind's answer; raises ``CallFailedError``."""
    try:
        if "embedding" in body:
            tokens = body.get("inputTextTokenCount")
            vectors: tuple[Sequence[float], ...] = (_numbers(body["embedding"]),)
        else:
            rows = body["embeddings"]
            if isinstance(rows, dict):
                rows = rows["float"]
            tokens = None
            vectors = tuple([_numbers(row) for row in fields.sequence(rows, "embeddings")])
        return EmbeddingReply(
            model=model, vectors=vectors, tokens=tokens if type(tokens) is int else None
        )
    except (BadRequestError, *_WRONG) as error:
        raise unreadable(_why(error)) from None


_WRONG: Final = (KeyError, TypeError, AttributeError, IndexError, ValueError, struct.error)


def _why(error: Exception) -> str:
    return error.message if isinstance(error, BadRequestError) else "it is no list of embeddings"


def _inputs(value: Any) -> tuple[str | tuple[int, ...], ...]:
    if isinstance(value, str):
        return (value,)
    items = fields.sequence(value, "input")
    if not items:
        raise BadRequestError("input: must not be empty", "input")
    if all(type(item) is int for item in items):
        return (tuple(items),)
    found: list[str | tuple[int, ...]] = []
    for index, item in enumerate(items):
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, list) and item and all(type(token) is int for token in item):
            found.append(tuple(item))
        else:
            raise fields.wrong(f"input[{index}]", "a string or a list of tokens", item)
    return tuple(found)


def _texts(request: EmbeddingRequest, whose: str) -> list[str]:
    texts = [value for value in request.inputs if isinstance(value, str)]
    if len(texts) != len(request.inputs):
        raise UntranslatableError(f"{whose} embeds texts and no lists of tokens")
    return texts


def _vector(value: Any) -> Sequence[float]:
    if not isinstance(value, str):
        return _numbers(value)
    try:
        raw = base64.b64decode(value, validate=True)
    except binascii.Error:
        raise unreadable("an embedding is no base64") from None
    return struct.unpack(f"<{len(raw) // 4}f", raw)


def _numbers(value: Any) -> Sequence[float]:
    row: Sequence[float] = fields.sequence(value, "embedding")
    if not all(type(number) in (float, int) for number in row):
        raise unreadable("an embedding holds something that is no number")
    return row


def _base64(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()

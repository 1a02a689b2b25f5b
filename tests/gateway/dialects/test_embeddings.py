from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import CreateEmbeddingResponse

from sensorium.gateway.conversation import UntranslatableError
from sensorium.gateway.dialect import BadRequestError
from sensorium.gateway.dialects.embeddings import (
    EmbeddingReply,
    EmbeddingRequest,
    parse_bedrock_reply,
    parse_gemini_reply,
    parse_openai_reply,
    parse_openai_request,
    render_bedrock_request,
    render_gemini_request,
    render_openai_reply,
    render_openai_request,
)
from sensorium.gateway.failure import CallFailedError, FailureKind

VECTORS = ((0.5, -1.25, 3.0), (0.0, 1.0, -2.0))


def packed(vector: tuple[float, ...]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


@pytest.mark.parametrize(
    ("given_input", "inputs"),
    [
        ("one", ("one",)),
        (["one", "zwei ä"], ("one", "zwei ä")),
        ([1, 2, 3], ((1, 2, 3),)),
        ([[1, 2], [3]], ((1, 2), (3,))),
    ],
)
def test_every_form_of_input_is_read(given_input: Any, inputs: Any) -> None:
    request = parse_openai_request({"model": "m", "input": given_input, "new": 1})
    assert request == EmbeddingRequest(model="m", inputs=inputs, extra={"new": 1})


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "m"}, "input"),
        ({"model": "m", "input": []}, "input"),
        ({"model": "m", "input": [1, "a"]}, "input[0]"),
        ({"model": "m", "input": [[]]}, "input[0]"),
        ({"input": "a"}, "model"),
        ({"model": "m", "input": "a", "dimensions": 0}, "dimensions"),
        ({"model": "m", "input": "a", "encoding_format": "hex"}, "encoding_format"),
    ],
)
def test_a_bad_request_names_its_field(body: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        parse_openai_request(body)
    assert caught.value.param == param


def test_a_request_goes_on_to_a_compatible_provider_with_its_unknown_fields() -> None:
    body = {"model": "m", "input": ["a"], "dimensions": 3, "user": "u", "truncate": "END"}
    assert render_openai_request(parse_openai_request(body)) == {
        **body,
        "encoding_format": "base64",
    }


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_a_providers_vectors_come_in_the_order_of_their_inputs(encoding: str) -> None:
    rows = [
        {"index": 1, "embedding": list(VECTORS[1])},
        {"index": 0, "embedding": list(VECTORS[0])},
    ]
    if encoding == "base64":
        rows = [{**row, "embedding": packed(tuple(row["embedding"]))} for row in rows]  # type: ignore[arg-type]
    body = {"data": rows, "model": "m", "usage": {"prompt_tokens": 7, "total_tokens": 7}}
    reply = parse_openai_reply(body)
    assert reply.tokens == 7
    assert [tuple(vector) for vector in reply.vectors] == list(VECTORS)


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_what_a_caller_gets_is_an_answer_of_openais_sdk(encoding: str) -> None:
    body = render_openai_reply(EmbeddingReply(model="m", vectors=VECTORS, tokens=5), encoding)
    if encoding == "float":
        CreateEmbeddingResponse.model_validate(body)
    again = parse_openai_reply(body)
    assert [tuple(vector) for vector in again.vectors] == list(VECTORS)
    assert again.tokens == 5


def test_gemini_is_asked_for_all_texts_at_once() -> None:
    request = EmbeddingRequest(model="gemini-embedding-001", inputs=("a", "b"), dimensions=8)
    body = render_gemini_request(request)
    assert [one["content"]["parts"][0]["text"] for one in body["requests"]] == ["a", "b"]
    assert {one["model"] for one in body["requests"]} == {"models/gemini-embedding-001"}
    assert {one["outputDimensionality"] for one in body["requests"]} == {8}
    reply = parse_gemini_reply({"embeddings": [{"values": list(v)} for v in VECTORS]}, "m")
    assert reply == EmbeddingReply(model="m", vectors=tuple(map(list, VECTORS)))


def test_bedrocks_two_kinds_of_model_each_get_their_body() -> None:
    titan = EmbeddingRequest(model="amazon.titan-embed-text-v2:0", inputs=("a",), dimensions=256)
    assert render_bedrock_request(titan) == {"inputText": "a", "dimensions": 256}
    cohere = EmbeddingRequest(model="eu.cohere.embed-v4:0", inputs=("a", "b"))
    assert render_bedrock_request(cohere)["texts"] == ["a", "b"]
    answers = [
        {"embedding": [0.5, 1.0], "inputTextTokenCount": 3},
        {"embeddings": {"float": [[0.5, 1.0]]}},
        {"embeddings": [[0.5, 1.0]]},
    ]
    replies = [parse_bedrock_reply(answer, "m") for answer in answers]
    assert [list(reply.vectors[0]) for reply in replies] == [[0.5, 1.0]] * 3
    assert [reply.tokens for reply in replies] == [3, None, None]


def test_what_a_provider_cannot_embed_is_refused() -> None:
    tokens = EmbeddingRequest(model="m", inputs=((1, 2),))
    with pytest.raises(UntranslatableError):
        render_gemini_request(tokens)
    with pytest.raises(UntranslatableError):
        render_bedrock_request(tokens)
    with pytest.raises(UntranslatableError):
        render_bedrock_request(EmbeddingRequest(model="amazon.titan", inputs=("a", "b")))


ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["data", "index", "embedding", "embeddings", "values", "float", "usage"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@given(ODD)
def test_any_answer_is_read_or_a_failed_call(body: Any) -> None:
    kinds = set()
    for parse in (parse_openai_reply, parse_gemini_reply, parse_bedrock_reply):
        try:
            parse(body)
        except CallFailedError as error:
            kinds.add(error.failure.kind)
    assert kinds <= {FailureKind.PROTOCOL}

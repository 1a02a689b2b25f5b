"""What providers document as their errors, and what became of them in the field."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.gateway.dialects import retry_after
from sensorium.gateway.dialects.failures import STATUS
from sensorium.gateway.dialects.registry import DIALECTS
from sensorium.gateway.dialects.safe_text import LONGEST, safe
from sensorium.gateway.events import Broken, Started, TextPiece
from sensorium.gateway.failure import Failure, FailureKind
from tests.gateway.dialects.streams import events_of, written

K = FailureKind
DATE = "Sat, 28 Nov 2026 16:00:00 GMT"


def openai(code: Any = None, kind: str = "", message: str = "It failed.") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def anthropic(kind: str, message: str = "It failed.") -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}}


def google(status: str, message: str = "It failed.", *details: Any) -> dict[str, Any]:
    return {"error": {"code": 400, "message": message, "status": status, "details": [*details]}}


LONG = [
    "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens.",
    "Input tokens exceed the configured limit of 922000 tokens: context length exceeded.",
    "the request exceeds the available context size, try increasing it",
]
CASES: list[tuple[str, int, dict[str, str], Any, FailureKind]] = [
    ("openai_chat", 400, {}, openai("context_length_exceeded"), K.CONTEXT_TOO_LONG),
    *[("openai_chat", 400, {}, openai(None, "x", text), K.CONTEXT_TOO_LONG) for text in LONG],
    ("openai_chat", 400, {}, openai(400, "exceed_context_size_error"), K.CONTEXT_TOO_LONG),
    ("openai_chat", 400, {}, openai("content_filter"), K.CONTENT_FILTERED),
    (
        "openai_chat",
        400,
        {},
        {"error": {"code": None, "innererror": {"code": "ResponsibleAIPolicyViolation"}}},
        K.CONTENT_FILTERED,
    ),
    ("openai_chat", 400, {}, openai("invalid_value", "invalid_request_error"), K.BAD_REQUEST),
    ("openai_chat", 401, {}, openai("invalid_api_key"), K.UNAUTHENTICATED),
    ("openai_chat", 403, {}, openai("unsupported_country_region_territory"), K.UNAUTHENTICATED),
    ("openai_chat", 404, {}, openai("model_not_found"), K.NOT_FOUND),
    ("openai_chat", 404, {}, openai("DeploymentNotFound"), K.NOT_FOUND),
    ("openai_chat", 413, {}, openai(), K.TOO_LARGE),
    ("openai_chat", 429, {}, openai("rate_limit_exceeded", "tokens"), K.RATE_LIMITED),
    ("openai_chat", 429, {}, openai("insufficient_quota"), K.RATE_LIMITED),
    ("openai_chat", 500, {}, openai("server_error"), K.SERVER_ERROR),
    ("openai_chat", 503, {}, openai(None, "server_error", "Overloaded."), K.OVERLOADED),
    ("openai_chat", 503, {}, "upstream connect error", K.OVERLOADED),
    ("openai_chat", 422, {}, {"detail": [{"loc": ["body"]}]}, K.BAD_REQUEST),
    ("openai_chat", 404, {}, {"error": "model 'm' not found"}, K.NOT_FOUND),
    ("openai_responses", 400, {}, openai("context_length_exceeded"), K.CONTEXT_TOO_LONG),
    ("anthropic", 400, {}, anthropic("invalid_request_error"), K.BAD_REQUEST),
    (
        "anthropic",
        400,
        {},
        anthropic("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
        K.CONTEXT_TOO_LONG,
    ),
    (
        "anthropic",
        400,
        {},
        anthropic("invalid_request_error", "Output blocked by content filtering policy"),
        K.CONTENT_FILTERED,
    ),
    ("anthropic", 401, {}, anthropic("authentication_error"), K.UNAUTHENTICATED),
    ("anthropic", 402, {}, anthropic("billing_error"), K.UNAUTHENTICATED),
    ("anthropic", 403, {}, anthropic("permission_error"), K.UNAUTHENTICATED),
    ("anthropic", 404, {}, anthropic("not_found_error"), K.NOT_FOUND),
    ("anthropic", 413, {}, anthropic("request_too_large"), K.TOO_LARGE),
    ("anthropic", 429, {}, anthropic("rate_limit_error"), K.RATE_LIMITED),
    ("anthropic", 500, {}, anthropic("api_error"), K.SERVER_ERROR),
    ("anthropic", 504, {}, anthropic("timeout_error"), K.TIMEOUT),
    ("anthropic", 529, {}, anthropic("overloaded_error"), K.OVERLOADED),
    ("anthropic", 529, {}, "<html>busy</html>", K.OVERLOADED),
    ("gemini", 400, {}, google("INVALID_ARGUMENT"), K.BAD_REQUEST),
    (
        "gemini",
        400,
        {},
        google(
            "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum number of tokens"
        ),
        K.CONTEXT_TOO_LONG,
    ),
    (
        "gemini",
        400,
        {},
        google("INVALID_ARGUMENT", "API key not valid.", {"reason": "API_KEY_INVALID"}),
        K.UNAUTHENTICATED,
    ),
    ("gemini", 400, {}, google("FAILED_PRECONDITION"), K.BAD_REQUEST),
    ("gemini", 403, {}, google("PERMISSION_DENIED"), K.UNAUTHENTICATED),
    ("gemini", 404, {}, google("NOT_FOUND"), K.NOT_FOUND),
    ("gemini", 429, {}, google("RESOURCE_EXHAUSTED"), K.RATE_LIMITED),
    ("gemini", 429, {}, [google("RESOURCE_EXHAUSTED")], K.RATE_LIMITED),
    ("gemini", 500, {}, google("INTERNAL"), K.SERVER_ERROR),
    ("gemini", 503, {}, google("UNAVAILABLE"), K.OVERLOADED),
    ("gemini", 504, {}, google("DEADLINE_EXCEEDED"), K.TIMEOUT),
    *[
        ("bedrock", status, {"x-amzn-errortype": f"{name}:http://x/"}, {"message": words}, kind)
        for status, name, words, kind in [
            (429, "ThrottlingException", "Too many tokens, please wait.", K.RATE_LIMITED),
            (400, "ServiceQuotaExceededException", "More than the quota.", K.RATE_LIMITED),
            (429, "ModelNotReadyException", "Not ready.", K.OVERLOADED),
            (503, "ServiceUnavailableException", "Not now.", K.OVERLOADED),
            (408, "ModelTimeoutException", "It took too long.", K.TIMEOUT),
            (500, "InternalServerException", "It failed.", K.SERVER_ERROR),
            (424, "ModelErrorException", "It failed.", K.SERVER_ERROR),
            (404, "ResourceNotFoundException", "No such model.", K.NOT_FOUND),
            (403, "AccessDeniedException", "Not allowed.", K.UNAUTHENTICATED),
            (403, "ExpiredTokenException", "Expired.", K.UNAUTHENTICATED),
            (400, "ValidationException", "The model id is malformed.", K.BAD_REQUEST),
            (400, "ValidationException", "Input is too long for the model.", K.CONTEXT_TOO_LONG),
        ]
    ],
    ("bedrock", 400, {}, {"__type": "com.amazonaws#ThrottlingException"}, K.RATE_LIMITED),
]


@pytest.mark.parametrize(("name", "status", "headers", "body", "kind"), CASES)
def test_an_error_is_of_its_kind(
    name: str, status: int, headers: dict[str, str], body: Any, kind: FailureKind
) -> None:
    raw = body.encode() if isinstance(body, str) else orjson.dumps(body)
    failure = DIALECTS[name].parse_error(status, headers, raw)
    assert failure.kind is kind
    assert failure.status == status
    assert failure.message


IN_STREAMS: list[tuple[str, bytes, FailureKind]] = [
    (
        "openai_chat",
        b'data: {"error": {"message": "Slow.", "code": "rate_limit_exceeded"}}\n\n',
        K.RATE_LIMITED,
    ),
    ("openai_chat", b'data: {"error": {"message": "No.", "code": 503}}\n\n', K.OVERLOADED),
    ("openai_chat", b'event: error\ndata: {"message": "The engine failed."}\n\n', K.SERVER_ERROR),
    (
        "openai_responses",
        b'event: error\ndata: {"type":"error","code":"server_error","message":"It failed."}\n\n',
        K.SERVER_ERROR,
    ),
    (
        "openai_responses",
        b'data: {"type":"response.failed","response":{"status":"failed",'
        b'"error":{"code":"rate_limit_exceeded","message":"Slow."}}}\n\n',
        K.RATE_LIMITED,
    ),
    (
        "anthropic",
        b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n',
        K.OVERLOADED,
    ),
    (
        "gemini",
        b'data: {"error":{"code":503,"message":"Overloaded.","status":"UNAVAILABLE"}}\r\n\r\n',
        K.OVERLOADED,
    ),
    ("gemini", b'data: {"promptFeedback":{"blockReason":"SAFETY"}}\r\n\r\n', K.CONTENT_FILTERED),
    (
        "gemini",
        b'data: {"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}]}\r\n\r\n',
        K.SERVER_ERROR,
    ),
    (
        "bedrock",
        b'{"event-type":"throttlingException","payload":{"message":"Slow."}}\n',
        K.RATE_LIMITED,
    ),
    (
        "bedrock",
        b'{"event-type":"modelStreamErrorException","payload":'
        b'{"message":"It failed.","originalStatusCode":503}}\n',
        K.OVERLOADED,
    ),
    ("bedrock", b'{"event-type":"InternalFailure","payload":{"message":"x"}}\n', K.SERVER_ERROR),
]


@pytest.mark.parametrize(("name", "stream", "kind"), IN_STREAMS)
def test_an_error_after_the_beginning_ends_the_stream(
    name: str, stream: bytes, kind: FailureKind
) -> None:
    begun = written(name, [Started("id", "m"), TextPiece("I lo")])
    events = events_of(name, begun, stream, begun)
    assert isinstance(events[-1], Broken)
    assert events[-1].failure.kind is kind
    assert sum(isinstance(event, Broken) for event in events) == 1


@pytest.mark.parametrize("name", sorted(DIALECTS))
@pytest.mark.parametrize("kind", list(FailureKind))
def test_an_error_written_into_a_stream_is_read_as_an_error(name: str, kind: FailureKind) -> None:
    events = [Started("id", "m"), TextPiece("I lo"), Broken(Failure(kind, "What it was."))]
    again = events_of(name, written(name, events))
    assert isinstance(again[-1], Broken)
    assert again[-1].failure.message == "What it was."


def test_every_kind_has_a_status_for_callers() -> None:
    assert set(STATUS) == set(FailureKind)
    assert all(400 <= status < 600 for status in STATUS.values())


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Sat, 28 Nov 2026 16:01:30 GMT", "date": DATE}, 90.0),
        ({"retry-after": "Sat, 28 Nov 2026 15:00:00 GMT", "date": DATE}, 0.0),
        ({"retry-after": "Sat, 28 Nov 2026 16:01:30 GMT"}, None),
        ({"retry-after": "soon", "date": DATE}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30.5s"}, 90.5),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "250ms"}, 0.25),
        ({"x-ratelimit-remaining-tokens": "12", "x-ratelimit-reset-tokens": "6m0s"}, None),
        ({"x-ratelimit-reset": "1795881630", "date": DATE}, 30.0),
        ({"x-ratelimit-reset": "1795881630000", "date": DATE}, 30.0),
        (
            {
                "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-input-tokens-reset": "2026-11-28T16:00:12Z",
                "date": DATE,
            },
            12.0,
        ),
        ({}, None),
    ],
)
def test_waiting_is_read_in_every_form(headers: dict[str, str], expected: float | None) -> None:
    assert retry_after.seconds(headers, limited=True) == expected


def test_a_limit_s_reset_is_no_wait_where_no_limit_was_reached() -> None:
    headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "60s"}
    assert retry_after.seconds(headers, limited=False) is None


@pytest.mark.parametrize(("delay", "expected"), [("34s", 34.0), ("3.5s", 3.5), ("x", None)])
def test_gemini_s_retry_info_is_read(delay: str, expected: float | None) -> None:
    detail = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}
    body = orjson.dumps(google("RESOURCE_EXHAUSTED", "Slow.", detail))
    assert DIALECTS["gemini"].parse_error(429, {}, body).retry_after_s == expected


@given(st.dictionaries(st.sampled_from(["retry-after", "date", "x-ratelimit-reset"]), st.text()))
def test_any_headers_give_a_wait_or_none(headers: dict[str, str]) -> None:
    wait = retry_after.seconds(headers, limited=True)
    assert wait is None or wait >= 0


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcDEF123456",
        "sk-abc***********************xyz9",
        "sk-ant-api03-abcdefghijkl",
        "org-AbCdEf123456",
        "AIzaSyA1234567890abcdefghijk",
        "AKIAIOSFODNN7EXAMPLE",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/x",
        "123456789012",
        "Bearer abcdef.ghijkl-mnop",
        "http://10.1.2.3:8000/v1",
        "https://internal.example.com/path?key=1",
        "10.20.30.40:8080",
        "vllm-0.models.svc.cluster.local",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    ],
)
def test_a_provider_s_words_lose_keys_accounts_and_addresses(secret: str) -> None:
    text = safe(f"It failed for {secret}, sorry.", "?")
    assert secret not in text
    assert text.startswith("It failed for ")
    assert "sorry" in text


def test_a_provider_s_words_lose_the_echo_of_what_was_sent() -> None:
    words = "Field required: [{'loc': ('body', 'x'), 'input': {'messages': 'a secret prompt'}}]"
    assert "secret prompt" not in safe(words, "?")


@given(st.text(max_size=2000))
def test_any_words_become_one_short_line(words: str) -> None:
    text = safe(words, "otherwise")
    assert 0 < len(text) <= LONGEST
    assert text.isprintable() or "\n" not in text
    text.encode()

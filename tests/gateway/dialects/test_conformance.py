"""What `gateway/dialect.py` asks of every dialect."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.gateway.conversation import Conversation, UntranslatableError
from sensorium.gateway.dialect import MAX_FRAME, BadRequestError
from sensorium.gateway.dialects.registry import DIALECTS
from sensorium.gateway.events import Broken, Ended
from sensorium.gateway.failure import CallFailedError, FailureKind
from tests.gateway.dialects.examples.replies import REPLIES
from tests.gateway.dialects.examples.requests import REQUESTS
from tests.gateway.dialects.examples.streams import STREAMS
from tests.gateway.dialects.streams import collected, events_of, raw_of, written

ALL = sorted(DIALECTS)
each = pytest.mark.parametrize("name", ALL)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=12,
)


def spoiled(draw: st.DrawFn, value: Any) -> Any:
    """The value with one place of it replaced or taken out."""
    if isinstance(value, dict) and value and draw(st.integers(0, 7)):
        key = draw(st.sampled_from(sorted(value)))
        if draw(st.integers(0, 5)) == 0:
            return {name: item for name, item in value.items() if name != key}
        return {**value, key: spoiled(draw, value[key])}
    if isinstance(value, list) and value and draw(st.integers(0, 7)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], spoiled(draw, value[at]), *value[at + 1 :]]
    return draw(json_values)


@st.composite
def spoiled_from(draw: st.DrawFn, values: list[Any]) -> Any:
    return spoiled(draw, draw(st.sampled_from(values)))


@each
def test_a_dialect_is_found_by_its_own_name(name: str) -> None:
    assert DIALECTS[name].name == name


@each
@pytest.mark.parametrize("case", sorted(REQUESTS))
def test_a_request_keeps_its_meaning_through_its_own_dialect(name: str, case: str) -> None:
    dialect = DIALECTS[name]
    first = dialect.parse_request(REQUESTS[case][name])
    again = dialect.parse_request(dialect.render_request(first))
    assert normal(again) == normal(first)


@each
def test_unknown_fields_go_on_to_a_provider_of_the_same_dialect_only(name: str) -> None:
    body = {**REQUESTS["tools"][name], "brand_new_field": {"deep": [1, "ä"]}}
    conversation = DIALECTS[name].parse_request(body)
    for other in ALL:
        rendered = DIALECTS[other].render_request(conversation)
        assert (rendered.get("brand_new_field") == {"deep": [1, "ä"]}) is (other == name)


@each
def test_a_request_is_not_changed_by_reading_and_writing_it(name: str) -> None:
    for bodies in REQUESTS.values():
        before = orjson.dumps(bodies[name])
        conversation = DIALECTS[name].parse_request(bodies[name])
        for other in ALL:
            try:
                DIALECTS[other].render_request(conversation)
            except UntranslatableError:
                continue
        assert orjson.dumps(bodies[name]) == before


@each
@pytest.mark.parametrize("case", sorted(REPLIES))
def test_a_reply_keeps_its_meaning_through_its_own_dialect(name: str, case: str) -> None:
    dialect = DIALECTS[name]
    first = dialect.parse_reply(REPLIES[case][name])
    assert dialect.parse_reply(dialect.render_reply(first)) == first


@each
@pytest.mark.parametrize("case", sorted(STREAMS))
def test_a_stream_gives_the_same_events_wherever_it_is_cut(name: str, case: str) -> None:
    stream = raw_of(name, STREAMS[case][name])
    expected = events_of(name, stream)
    assert isinstance(expected[-1], Ended)
    for cut in range(len(stream)):
        assert events_of(name, stream[:cut], stream[cut:]) == expected
    assert events_of(name, *(bytes([byte]) for byte in stream)) == expected


@each
@pytest.mark.parametrize("case", sorted(STREAMS))
def test_frames_joined_are_the_stream(name: str, case: str) -> None:
    stream = raw_of(name, STREAMS[case][name])
    reader = DIALECTS[name].stream_reader()
    frames = [frame for byte in stream for frame in reader.feed(bytes([byte]))] + reader.close()
    assert b"".join(frame.raw for frame in frames) == stream


@each
@pytest.mark.parametrize("case", sorted(STREAMS))
def test_a_stream_that_lacks_its_final_event_ends_broken(name: str, case: str) -> None:
    stream = raw_of(name, STREAMS[case][name])
    reader = DIALECTS[name].stream_reader()
    frames = [*reader.feed(stream), *reader.close()]
    last = max(at for at, frame in enumerate(frames) if frame.raw)
    if name == "gemini":  # its final event is the last candidate's reason
        last = max(at for at, frame in enumerate(frames) if b"finishReason" in frame.raw)
    cut = b"".join(frame.raw for frame in frames[:last])
    events = events_of(name, cut)
    assert isinstance(events[-1], Broken)
    assert events[-1].failure.kind is FailureKind.PROTOCOL
    assert not any(isinstance(event, Ended) for event in events)


@each
@pytest.mark.parametrize("case", sorted(STREAMS))
def test_what_a_writer_writes_its_reader_reads(name: str, case: str) -> None:
    events = events_of(name, raw_of(name, STREAMS[case][name]))
    again = events_of(name, written(name, events))
    assert collected(again) == collected(events)


@each
def test_nothing_comes_after_the_end(name: str) -> None:
    stream = raw_of(name, STREAMS["text"][name])
    reader = DIALECTS[name].stream_reader()
    reader.feed(stream)
    reader.close()
    assert reader.feed(stream) == []
    assert reader.close() == []


@each
@pytest.mark.parametrize("junk", [b"\x00\xff" * 50 + b"\n\n", b"data: {}x\n\n", b"data: [1]\n\n"])
def test_a_stream_of_something_else_ends_broken(name: str, junk: bytes) -> None:
    events = events_of(name, junk)
    assert isinstance(events[-1], Broken)
    assert events[-1].failure.kind is FailureKind.PROTOCOL


@each
def test_a_frame_beyond_the_limit_ends_the_stream(name: str) -> None:
    reader = DIALECTS[name].stream_reader()
    piece = b"x" * (1 << 20)
    frames = [frame for _ in range(MAX_FRAME // len(piece) + 1) for frame in reader.feed(piece)]
    assert [type(event) for frame in frames for event in frame.events] == [Broken]


@each
@given(data=st.data())
def test_a_spoiled_request_is_refused_or_read(name: str, data: st.DataObject) -> None:
    body = data.draw(spoiled_from([bodies[name] for bodies in REQUESTS.values()]))
    dialect = DIALECTS[name]
    if not isinstance(body, dict):
        return
    params: list[str] = []
    messages: list[str] = []
    try:
        conversation = dialect.parse_request(body)
    except BadRequestError as error:
        params.append(error.param)
        messages.append(error.message)
        return
    finally:
        assert all(param and param in text for param, text in zip(params, messages, strict=True))
    for other in ALL:
        try:
            DIALECTS[other].render_request(conversation)
        except UntranslatableError:
            continue


@each
@given(data=st.data())
def test_a_spoiled_reply_is_a_failed_call_or_read(name: str, data: st.DataObject) -> None:
    body = data.draw(spoiled_from([bodies[name] for bodies in REPLIES.values()]))
    try:
        reply = DIALECTS[name].parse_reply(body)
    except CallFailedError:
        return
    for other in ALL:
        try:
            DIALECTS[other].render_reply(reply)
        except UntranslatableError:
            continue


@each
@given(data=st.data())
def test_a_spoiled_stream_is_read_to_its_end_or_broken(name: str, data: st.DataObject) -> None:
    frames = list(data.draw(st.sampled_from(sorted(STREAMS.items())))[1][name])
    at = data.draw(st.integers(0, len(frames) - 1))
    frames[at] = spoiled(data.draw, frames[at])
    try:
        stream = raw_of(name, frames)
    except (TypeError, orjson.JSONEncodeError):
        return
    events = events_of(name, stream)
    assert isinstance(events[-1], Ended | Broken)
    for other in ALL:
        writer = DIALECTS[other].stream_writer(usage=True)
        try:
            for event in events:
                assert isinstance(writer.write(event), bytes)
        except UntranslatableError:
            continue


@each
@given(stream=st.binary(max_size=200), cut=st.integers(0, 200))
def test_any_bytes_are_read_to_their_end(name: str, stream: bytes, cut: int) -> None:
    assert isinstance(events_of(name, stream[:cut], stream[cut:])[-1], Ended | Broken)


@each
@given(
    status=st.integers(100, 599),
    headers=st.dictionaries(
        st.sampled_from(
            [
                "retry-after",
                "retry-after-ms",
                "date",
                "x-ratelimit-reset-tokens",
                "x-amzn-errortype",
            ]
        ),
        st.text(max_size=20),
    ),
    body=st.binary(max_size=80) | json_values.map(lambda value: dumped({"error": value})),
)
def test_any_error_answer_is_classified(
    name: str, status: int, headers: dict[str, str], body: bytes
) -> None:
    failure = DIALECTS[name].parse_error(status, headers, body)
    assert failure.message
    assert failure.status == status
    assert failure.retry_after_s is None or failure.retry_after_s >= 0


@each
def test_an_error_written_for_a_caller_says_what_and_where(name: str) -> None:
    body = DIALECTS[name].render_error(429, "budget_exceeded", "The budget is spent.", "model")
    assert b"The budget is spent." in body
    assert b"budget_exceeded" in body.lower()
    assert isinstance(orjson.loads(body), dict)


def dumped(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        return b"{}"


def normal(conversation: Conversation) -> Any:
    """What a body can say: neighbouring turns of one side are one, the model may be elsewhere."""
    turns: list[tuple[str, list[Any]]] = []
    for message in conversation.messages:
        parts = [
            part
            for part in message.parts
            if getattr(part, "text", "x") or hasattr(part, "signature")
        ]
        if turns and turns[-1][0] == message.role.value:
            turns[-1][1].extend(parts)
        else:
            turns.append((message.role.value, parts))
    return turns, *(
        getattr(conversation, field)
        for field in Conversation.__dataclass_fields__
        if field not in ("messages", "model", "stream", "stream_usage")
    )


def test_every_dialect_is_found_once() -> None:
    assert len({id(dialect) for dialect in DIALECTS.values()}) == len(DIALECTS)
    assert set(ALL) == {"anthropic", "bedrock", "gemini", "openai_chat", "openai_responses"}

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.gateway.conversation import Opaque, Text, Thinking, ToolCall
from sensorium.gateway.events import Broken, Ended, Started, Stopped, TextPiece
from sensorium.gateway.failure import Failure, FailureKind
from sensorium.gateway.replay import Gathering, events_of, streamable
from sensorium.gateway.reply import Answer, Reply, Stop, Usage

PARTS = st.lists(
    st.one_of(
        st.builds(Text, st.text(min_size=1)),
        st.builds(Thinking, st.text(), st.just("seal")),
        st.builds(ToolCall, st.just("c"), st.just("f"), st.just('{"a": 1}')),
        st.builds(Opaque, st.just("anthropic"), st.just({"a": 1})),
    ),
    max_size=5,
).map(tuple)
REPLIES = st.builds(
    Reply,
    id=st.just("r"),
    model=st.just("m"),
    answers=st.lists(
        st.builds(Answer, PARTS, st.sampled_from(Stop), st.just("END")), min_size=1, max_size=3
    ).map(tuple),
    usage=st.one_of(st.none(), st.just(Usage(1, 2))),
    created=st.just(5),
)


def gathered(events: list) -> Reply | None:  # type: ignore[type-arg]
    gathering = Gathering(limit=10_000)
    for event in events:
        gathering.feed(event)
    return gathering.reply()


def joined(reply: Reply) -> Reply:
    """Neighbouring texts are one text: a stream cannot tell them apart."""
    answers = []
    for answer in reply.answers:
        parts: list = []  # type: ignore[type-arg]
        for part in answer.parts:
            if parts and isinstance(part, Text) and isinstance(parts[-1], Text):
                parts[-1] = Text(parts[-1].text + part.text)
            else:
                parts.append(part)
        answers.append(replace(answer, parts=tuple(parts)))
    return replace(reply, answers=tuple(answers))


@given(REPLIES)
def test_an_answer_as_a_stream_is_the_same_answer(reply: Reply) -> None:
    assert gathered(events_of(reply)) == joined(reply)


@pytest.mark.parametrize(
    "events",
    [
        [],
        [Started("r", "m"), TextPiece("a")],
        [Started("r", "m"), TextPiece("a"), Stopped(Stop.END)],
        [Started("r", "m"), TextPiece("a"), Ended()],
        [
            Started("r", "m"),
            TextPiece("a"),
            Broken(Failure(FailureKind.TIMEOUT, "late")),
            Stopped(Stop.END),
            Ended(),
        ],
        [Started("r", "m"), TextPiece("a" * 10_001), Stopped(Stop.END), Ended()],
    ],
)
def test_a_stream_that_is_not_whole_is_no_answer(events: list) -> None:  # type: ignore[type-arg]
    assert gathered(events) is None


def test_what_only_its_dialect_knows_cannot_be_streamed() -> None:
    plain = Reply(id="", model="", answers=(Answer((Text("a"),), Stop.END),), usage=None)
    assert streamable(plain)
    assert not streamable(replace(plain, extra={"a": 1}))
    assert not streamable(replace(plain, answers=(Answer((Text("a", {"x": 1}),), Stop.END),)))

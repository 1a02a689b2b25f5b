"""Every request, answer and stream of the examples, in every direction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sensorium.gateway.dialects import signatures
from sensorium.gateway.dialects.registry import DIALECTS
from tests.gateway.dialects.examples.replies import CREATED, ID, MODEL, REPLIES
from tests.gateway.dialects.examples.requests import REQUESTS
from tests.gateway.dialects.examples.streams import STREAMS
from tests.gateway.dialects.streams import collected, events_of, raw_of, written

ALL = sorted(DIALECTS)
each_source = pytest.mark.parametrize("source", ALL)
each_target = pytest.mark.parametrize("target", ALL)


@each_source
@each_target
@pytest.mark.parametrize("case", sorted(REQUESTS))
def test_a_request_becomes_what_the_other_dialect_says_for_it(
    case: str, source: str, target: str
) -> None:
    conversation = DIALECTS[source].parse_request(REQUESTS[case][source])
    conversation = replace(conversation, model=MODEL)  # which is in the address with some
    body = DIALECTS[target].render_request(conversation)
    if target == "bedrock":  # the one name of a format that not all of them have
        form = body.get("outputConfig", {}).get("textFormat")
        assert form is None or form["structure"]["jsonSchema"].pop("name", "answer") == "answer"
    assert body == REQUESTS[case][target]


@each_source
@each_target
@pytest.mark.parametrize("case", sorted(REPLIES))
def test_an_answer_becomes_what_the_other_dialect_says_for_it(
    case: str, source: str, target: str
) -> None:
    reply = DIALECTS[source].parse_reply(REPLIES[case][source])
    if source != target:
        # Not all of them say which answer of which model it is, and when it was given.
        identity = f"resp_{ID}" if target == "openai_responses" else ID
        reply = replace(reply, id=identity, model=MODEL, created=CREATED)
    assert DIALECTS[target].render_reply(reply) == REPLIES[case][target]


@each_source
@each_target
@pytest.mark.parametrize("case", sorted(STREAMS))
def test_a_stream_comes_to_the_same_in_the_other_dialect(
    case: str, source: str, target: str
) -> None:
    events = events_of(source, raw_of(source, STREAMS[case][source]))
    again = events_of(target, written(target, events))
    assert collected(again) == collected(events)


@each_source
@pytest.mark.parametrize("case", sorted(STREAMS))
def test_every_provider_s_stream_comes_to_the_same(case: str, source: str) -> None:
    def come_to(name: str) -> dict[str, Any]:
        found = collected(events_of(name, raw_of(name, STREAMS[case][name])))
        found["marks"] = [signatures.bare(name, mark) for mark in found["marks"]]
        return found

    assert come_to(source) == come_to("openai_chat")

"""Real Presidio with a model of spaCy's that is trained for the tests, in its own process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from sensorium.errors import UsageError
from sensorium.gateway.conversation import Conversation, Message, Role, Text
from sensorium.gateway.events import Event, TextPiece
from sensorium.gateway.guardrails.bound import Bound
from sensorium.gateway.guardrails.config import GuardrailsConfig, NamedEntitiesConfig
from sensorium.gateway.guardrails.context import Context
from sensorium.gateway.guardrails.decision import Blocked, OnFailure, Passed
from sensorium.gateway.guardrails.guard import Guard
from sensorium.gateway.guardrails.named_entities import recognisers as module
from sensorium.gateway.guardrails.named_entities.process import RecogniserFailedError
from sensorium.gateway.guardrails.named_entities.recogniser import Found
from sensorium.gateway.guardrails.named_entities.recognisers import Recognisers
from sensorium.gateway.guardrails.named_entities.remembering import Remembering
from sensorium.gateway.guardrails.named_entities.rule import NamedEntities
from sensorium.gateway.guardrails.registry import make_guard
from sensorium.observe import Observe

pytestmark = pytest.mark.xdist_group("named_entities")
CONTEXT = Context(route="m")


def named(text: str, rule: NamedEntities) -> list[tuple[str, str]]:
    return [(text[one.start : one.end], one.label) for one in rule.find(text)]


def asked(*texts: str) -> Conversation:
    messages = tuple(Message(Role.USER, (Text(one),)) for one in texts)
    return Conversation(model="m", messages=messages)


def said(conversation: Conversation) -> list[str]:
    parts = [part for message in conversation.messages for part in message.parts]
    return [part.text for part in parts if isinstance(part, Text)]


def test_names_and_places_are_found_where_they_stand(named_entities: NamedEntities) -> None:
    text = (
        "all is well.\n\nGreta Weber lives in Lisbon. The weather is fine today.\n"
        "Hugo Silva flew to Oslo yesterday."
    )
    assert named(text, named_entities) == [
        ("Greta Weber", "PERSON"),
        ("Lisbon", "LOCATION"),
        ("Hugo Silva", "PERSON"),
        ("Oslo", "LOCATION"),
    ]


def test_a_name_is_one_mask_in_a_request_and_comes_back_into_a_stream(
    spacy_model: Path, recognisers: Recognisers
) -> None:
    guard = guard_of(recognisers, model=str(spacy_model), entities=("PERSON", "LOCATION"))

    async def run() -> tuple[list[str], str]:
        request = asked("My name is Greta Weber and I work in Lisbon.", "to Greta Weber")
        before = await guard.before(request, CONTEXT)
        assert isinstance(before, Passed)
        assert [str(one) for one in before.flags] == ["named-entities=masked:LOCATION*1+PERSON*2"]
        stream = guard.stream(CONTEXT, before.restore)
        pieces: list[Event] = [TextPiece(one) for one in "Hello <PERSON_1>! Fine in <LOCATION_1>?"]
        out = [*await stream.take(pieces), *await stream.close()]
        return said(before.conversation), "".join(
            one.text for one in out if isinstance(one, TextPiece)
        )

    masked, answer = asyncio.run(run())
    assert masked == ["My name is <PERSON_1> and I work in <LOCATION_1>.", "to <PERSON_1>"]
    assert answer == "Hello Greta Weber! Fine in Lisbon?"


def test_a_placeholder_is_no_name() -> None:
    class Everything(Remembering):
        def find(self, units: Sequence[str], timeout_s: float) -> list[list[Found]]:
            return [[(0, 5, "PERSON"), (9, 15, "PERSON"), (22, 26, "PERSON")] for _ in units]

    text = "Hello to <PERSON_1> and Greta"
    rule = NamedEntities(Everything(processes=None), 1.0)  # type: ignore[arg-type]
    assert [one.start for one in rule.find(text)] == [0, 22]


def test_what_is_looked_at_does_not_hold_up_the_event_loop(
    spacy_model: Path, recognisers: Recognisers
) -> None:
    guard = guard_of(recognisers, model=str(spacy_model), entities=("PERSON", "LOCATION"))
    text = "".join(f"Greta Weber wrote page {place} of it. " for place in range(60))

    async def run() -> int:
        turns = 0
        looking = asyncio.ensure_future(guard.before(asked(text), CONTEXT))
        while not looking.done():
            await asyncio.sleep(0)
            turns += 1
        assert isinstance(looking.result(), Passed)
        return turns

    # In the loop itself the look would be one turn of it, or two.
    assert asyncio.run(run()) > 10


def test_a_process_that_dies_is_replaced_and_what_was_looked_at_is_remembered(
    spacy_model: Path, recognisers: Recognisers, named_entities: NamedEntities, counted: Observe
) -> None:
    guard = guard_of(recognisers, model=str(spacy_model), entities=("PERSON", "LOCATION"))

    def masked(text: str) -> list[str]:
        passed = asyncio.run(guard.before(asked(text), CONTEXT))
        assert isinstance(passed, Passed)
        return said(passed.conversation)

    known = "Please write to Greta Weber."
    assert masked(known) == ["Please write to <PERSON_1>."]
    (process,) = recognisers.processes()
    process.kill()
    process.wait()
    assert masked(known) == ["Please write to <PERSON_1>."]
    assert counted.value("sensorium_gateway_recogniser_restarts_total") == 0
    assert masked("Please write to Hugo Silva.") == ["Please write to <PERSON_1>."]
    assert counted.value("sensorium_gateway_recogniser_restarts_total") == 1


def test_a_recogniser_that_gives_no_answer_in_time_fails_the_rule_by_its_setting() -> None:
    class Silent(Remembering):
        def find(self, units: Sequence[str], timeout_s: float) -> list[list[Found]]:
            raise RecogniserFailedError("the recogniser gave no answer")

    rule = NamedEntities(Silent(processes=None), 1.0)  # type: ignore[arg-type]
    for on_failure, kind in ((OnFailure.CLOSED, Blocked), (OnFailure.OPEN, Passed)):
        config = NamedEntitiesConfig(on_failure=on_failure)
        guard = Guard([Bound("names", config, text=rule)], Observe())
        assert isinstance(asyncio.run(guard.before(asked("Greta Weber"), CONTEXT)), kind)


def guard_of(recognisers: Recognisers, observe: Observe | None = None, **settings: object) -> Guard:
    config = NamedEntitiesConfig(**{"timeout_seconds": 120, **settings})  # type: ignore[arg-type]
    given = GuardrailsConfig(named_entities=(config,))
    return make_guard(given, observe or Observe(), recognisers=recognisers)


def test_a_model_that_is_not_installed_is_refused_and_not_downloaded() -> None:
    with pytest.raises(UsageError, match="'en_core_web_xl' is not installed") as caught:
        guard_of(Recognisers(), model="en_core_web_xl")
    assert "spacy download" in caught.value.next_step


def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="presidio_analyzer") as caught:
        guard_of(Recognisers())
    assert caught.value.next_step == "pip install 'sensorium[presidio]'"


def test_what_its_process_refuses_is_told(spacy_model: Path) -> None:
    with pytest.raises(UsageError, match="is of en, not of de"):
        guard_of(Recognisers(), model=str(spacy_model), language="de")

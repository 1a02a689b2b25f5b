"""Fields that one dialect alone knows: which are left out elsewhere, and which are refused."""

from __future__ import annotations

from typing import Any

import pytest

from sensorium.gateway.conversation import UntranslatableError
from sensorium.gateway.dialects.registry import DIALECTS

ASKED: dict[str, dict[str, Any]] = {
    "openai_chat": {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
    "openai_responses": {"model": "m", "input": "hi"},
    "anthropic": {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]},
}
DEMANDS: list[tuple[str, dict[str, Any]]] = [
    ("openai_chat", {"modalities": ["text", "audio"]}),
    ("openai_chat", {"audio": {"voice": "alloy", "format": "mp3"}}),
    ("openai_chat", {"web_search_options": {}}),
    ("openai_chat", {"logprobs": True}),
    ("openai_chat", {"top_logprobs": 2}),
    ("openai_chat", {"logit_bias": {"50256": -100}}),
    ("openai_chat", {"guided_regex": "[0-9]+"}),
    ("openai_responses", {"top_logprobs": 2}),
    ("openai_responses", {"include": ["message.output_text.logprobs"]}),
    ("anthropic", {"mcp_servers": [{"type": "url", "url": "https://a.example", "name": "a"}]}),
    ("anthropic", {"container": "container_1"}),
    ("anthropic", {"inference_geo": "us"}),
]
WISHES: list[tuple[str, dict[str, Any]]] = [
    ("openai_chat", {"modalities": ["text"], "logprobs": False, "logit_bias": {}, "audio": None}),
    ("openai_chat", {"store": True, "metadata": {"a": "b"}, "presence_penalty": 0.5, "new": [1]}),
    ("openai_responses", {"include": ["reasoning.encrypted_content"], "store": False}),
    ("openai_responses", {"top_logprobs": 0, "truncation": "auto", "prompt_cache_key": "a"}),
    ("anthropic", {"mcp_servers": [], "inference_geo": "global", "top_k": 5}),
]
HELD = [
    ("previous_response_id", "resp_1"),
    ("conversation", "conv_1"),
    ("prompt", {"id": "pmpt_1"}),
    ("background", True),
]


def others(source: str) -> list[str]:
    return [name for name in sorted(DIALECTS) if name != source]


@pytest.mark.parametrize(("source", "more"), DEMANDS, ids=str)
def test_what_the_answer_depends_on_is_refused_by_name_and_not_lost(
    source: str, more: dict[str, Any]
) -> None:
    conversation = DIALECTS[source].parse_request({**ASKED[source], **more})
    for target in others(source):
        with pytest.raises(UntranslatableError, match=next(iter(more))):
            DIALECTS[target].render_request(conversation)
    kept = DIALECTS[source].render_request(conversation)
    assert {name: kept[name] for name in more} == more


@pytest.mark.parametrize(("source", "more"), WISHES, ids=str)
def test_what_is_only_a_wish_is_left_out_elsewhere(source: str, more: dict[str, Any]) -> None:
    conversation = DIALECTS[source].parse_request({**ASKED[source], **more})
    plain = DIALECTS[source].parse_request(ASKED[source])
    for target in others(source):
        render = DIALECTS[target].render_request
        assert render(conversation) == render(plain)


@pytest.mark.parametrize(("name", "value"), HELD)
def test_what_openai_holds_of_a_conversation_is_refused_by_name(name: str, value: Any) -> None:
    body = {**ASKED["openai_responses"], name: value}
    conversation = DIALECTS["openai_responses"].parse_request(body)
    for target in others("openai_responses"):
        with pytest.raises(UntranslatableError, match=rf"^{name} of openai_responses"):
            DIALECTS[target].render_request(conversation)


@pytest.mark.parametrize("choice", ["auto", "none"])
@pytest.mark.parametrize("tools", [None, []])
def test_a_choice_among_no_tools_is_not_passed_on(choice: str, tools: Any) -> None:
    more = {"tool_choice": choice, "parallel_tool_calls": False, "tools": tools}
    conversation = DIALECTS["openai_chat"].parse_request({**ASKED["openai_chat"], **more})
    plain = DIALECTS["openai_chat"].parse_request(ASKED["openai_chat"])
    for target in ("anthropic", "gemini", "bedrock"):
        render = DIALECTS[target].render_request
        assert render(conversation) == render(plain)


def test_a_refusal_names_a_part_by_its_type_its_role_or_its_fields() -> None:
    body = {**ASKED["openai_chat"], "functions": [{"name": "f"}]}
    with pytest.raises(UntranslatableError, match=r"^functions of openai_chat"):
        DIALECTS["anthropic"].render_request(DIALECTS["openai_chat"].parse_request(body))
    said = {"role": "function", "name": "f", "content": "1"}
    body = {"model": "m", "messages": [*ASKED["openai_chat"]["messages"], said]}
    with pytest.raises(UntranslatableError, match=r"^function of openai_chat"):
        DIALECTS["gemini"].render_request(DIALECTS["openai_chat"].parse_request(body))

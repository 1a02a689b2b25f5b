"""Requests in which the dialects differ."""

from __future__ import annotations

from typing import Any

import pytest

from sensorium.gateway.conversation import (
    Choice,
    Conversation,
    Format,
    Image,
    Message,
    Opaque,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
    UntranslatableError,
)
from sensorium.gateway.dialect import BadRequestError
from sensorium.gateway.dialects.anthropic.requests_out import DEFAULT_MAX_TOKENS
from sensorium.gateway.dialects.registry import DIALECTS

ALL = sorted(DIALECTS)
CHAT, RESPONSES = DIALECTS["openai_chat"], DIALECTS["openai_responses"]
ANTHROPIC, GEMINI, BEDROCK = (DIALECTS[name] for name in ("anthropic", "gemini", "bedrock"))


def chat(*messages: dict[str, Any], **more: Any) -> Conversation:
    return CHAT.parse_request({"model": "m", "messages": list(messages), **more})


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


CALL = {"id": "call_a", "type": "function", "function": {"name": "hosts", "arguments": ""}}
TOOL = {"type": "function", "function": {"name": "hosts"}}
# Instructions at the start and in the middle, two turns of the user's, a call without arguments.
MIXED = chat(
    {"role": "developer", "content": "One."},
    user("a"),
    user("b"),
    {"role": "system", "content": "Two."},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call_a", "content": "ok"},
    user(""),
    user("c"),
    tools=[TOOL],
)


def test_instructions_anywhere_go_where_the_other_dialect_has_them() -> None:
    both = [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}]
    assert ANTHROPIC.render_request(MIXED)["system"] == both
    parts = GEMINI.render_request(MIXED)["systemInstruction"]["parts"]
    assert parts == [{"text": "One."}, {"text": "Two."}]
    assert BEDROCK.render_request(MIXED)["system"] == parts
    roles = [item.get("role") for item in RESPONSES.render_request(MIXED)["input"]]
    assert roles == ["system", "user", "user", "system", None, None, "user", "user"]


def test_turns_of_one_side_are_one_where_sides_must_alternate() -> None:
    for dialect, key, roles in (
        (ANTHROPIC, "messages", ["user", "assistant", "user"]),
        (BEDROCK, "messages", ["user", "assistant", "user"]),
        (GEMINI, "contents", ["user", "model", "user"]),
    ):
        assert [turn["role"] for turn in dialect.render_request(MIXED)[key]] == roles
    last = ANTHROPIC.render_request(MIXED)["messages"][-1]["content"]
    assert [block["type"] for block in last] == ["tool_result", "text"]


def test_tool_results_come_first_in_their_turn() -> None:
    conversation = Conversation(
        model="m",
        tools=(Tool("hosts"),),
        messages=(
            Message(Role.ASSISTANT, (ToolCall("a", "hosts", "{}"),)),
            Message(Role.USER, (Text("Well?"),)),
            Message(Role.TOOL, (ToolResult("a", (Text("ok"),)),)),
        ),
    )
    content = ANTHROPIC.render_request(conversation)["messages"][-1]["content"]
    assert [block["type"] for block in content] == ["tool_result", "text"]


def test_no_arguments_and_an_empty_object_are_the_same() -> None:
    call = ANTHROPIC.render_request(MIXED)["messages"][1]["content"][0]
    assert call["input"] == {}
    assert GEMINI.render_request(MIXED)["contents"][1]["parts"][0]["functionCall"]["args"] == {}
    again = CHAT.render_request(MIXED)["messages"][4]["tool_calls"][0]["function"]["arguments"]
    assert again == "{}"


def test_arguments_that_are_no_object_are_refused_where_they_must_be_one() -> None:
    for arguments in ('{"cut": ', "[1]", "7"):
        broken = {**CALL, "function": {"name": "hosts", "arguments": arguments}}
        conversation = chat(user("a"), {"role": "assistant", "tool_calls": [broken]}, tools=[TOOL])
        body = CHAT.render_request(conversation)
        assert body["messages"][1]["tool_calls"][0]["function"]["arguments"] == arguments
        for dialect in (ANTHROPIC, GEMINI, BEDROCK):
            with pytest.raises(UntranslatableError, match="JSON object"):
                dialect.render_request(conversation)


def test_anthropic_is_told_a_limit_also_where_the_caller_has_none() -> None:
    assert ANTHROPIC.render_request(chat(user("a")))["max_tokens"] == DEFAULT_MAX_TOKENS
    thinking = Conversation(
        model="m", messages=(Message(Role.USER, (Text("a"),)),), thinking_budget=2000
    )
    body = ANTHROPIC.render_request(thinking)
    assert body["max_tokens"] == DEFAULT_MAX_TOKENS + 2000
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 2000}


@pytest.mark.parametrize("key", ["max_tokens", "max_completion_tokens"])
def test_the_caller_s_name_for_the_limit_is_kept(key: str) -> None:
    body = CHAT.render_request(chat(user("a"), **{key: 5}))
    assert {name: body.get(name) for name in ("max_tokens", "max_completion_tokens")} == {
        "max_tokens": None,
        "max_completion_tokens": None,
        key: 5,
    }


def test_usage_in_a_stream_is_asked_for_beside_other_options() -> None:
    options = {"include_usage": True, "include_obfuscation": False}
    conversation = chat(user("a"), stream=True, stream_options=options)
    assert conversation.stream_usage
    assert CHAT.render_request(conversation)["stream_options"] == options
    assert not chat(user("a"), stream=True).stream_usage


def test_a_legacy_function_goes_to_compatible_providers_only() -> None:
    conversation = chat(
        user("a"),
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "ok"},
        functions=[{"name": "f"}],
        function_call="auto",
    )
    body = CHAT.render_request(conversation)
    assert body["functions"] == [{"name": "f"}]
    assert body["messages"][1]["function_call"] == {"name": "f", "arguments": "{}"}
    assert body["messages"][2]["role"] == "function"
    for dialect in (ANTHROPIC, GEMINI, BEDROCK, RESPONSES):
        with pytest.raises(UntranslatableError):
            dialect.render_request(conversation)


def untranslatable() -> dict[str, tuple[Conversation, set[str]]]:
    """What cannot be said, and by whom it can."""

    def of(*parts: Any, **more: Any) -> Conversation:
        return Conversation(
            model="m", messages=(Message(Role.USER, parts or (Text("a"),)),), **more
        )

    tool = Tool("hosts")
    called = (
        Message(Role.ASSISTANT, (ToolCall("a", "hosts", "{}"),)),
        Message(Role.TOOL, (ToolResult("a", (Image("image/png", "AAAA"),)),)),
    )
    unnamed = Message(Role.TOOL, (ToolResult("nobody", (Text("ok"),)),))
    return {
        "several answers": (of(choices=2), {"openai_chat", "gemini"}),
        "json without a schema": (
            of(format=Format()),
            {"openai_chat", "openai_responses", "gemini"},
        ),
        "one call at a time": (
            of(tools=(tool,), parallel_tool_calls=False),
            {"openai_chat", "openai_responses", "anthropic"},
        ),
        "a high temperature": (of(temperature=1.5), set(ALL) - {"anthropic"}),
        "a blank stop sequence": (
            of(stop=("\n",)),
            {"openai_chat", "gemini", "bedrock"},
        ),
        "a stop sequence": (of(stop=("END",)), set(ALL) - {"openai_responses"}),
        "a picture from the web": (
            of(Image(url="https://example.org/a.png")),
            set(ALL) - {"bedrock"},
        ),
        "a picture that a tool gave": (
            Conversation(model="m", messages=called, tools=(tool,)),
            set(ALL) - {"openai_chat"},
        ),
        "no tools although some were called": (
            Conversation(model="m", messages=called),
            {"openai_responses", "anthropic", "gemini"},
        ),
        "a result of no call": (
            Conversation(model="m", messages=(unnamed,), tools=(tool,)),
            set(ALL) - {"gemini"},
        ),
        "another dialect's part": (of(Opaque("elsewhere", {"type": "hologram"})), set()),
        "another dialect's tool": (of(tools=(Opaque("elsewhere", {"type": "x"}),)), set()),
        "another dialect's format": (of(format=Opaque("elsewhere", {"type": "x"})), set()),
        "another dialect's choice": (
            of(tools=(tool,), tool_choice=Opaque("elsewhere", {"type": "x"})),
            set(),
        ),
    }


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("what", sorted(untranslatable()))
def test_what_a_dialect_cannot_say_is_refused_and_not_dropped(what: str, name: str) -> None:
    conversation, able = untranslatable()[what]
    if name in able:
        DIALECTS[name].render_request(conversation)
        return
    with pytest.raises(UntranslatableError) as caught:
        DIALECTS[name].render_request(conversation)
    assert str(caught.value)


def test_a_conversation_that_openai_holds_goes_to_openai_only() -> None:
    body = {"model": "m", "input": "And now?", "previous_response_id": "resp_1", "store": True}
    conversation = RESPONSES.parse_request(body)
    again = RESPONSES.render_request(conversation)
    assert again["previous_response_id"] == "resp_1"
    assert again["store"] is True
    for name in set(ALL) - {"openai_responses"}:
        with pytest.raises(UntranslatableError):
            DIALECTS[name].render_request(conversation)


def test_instructions_of_responses_are_instructions_elsewhere() -> None:
    conversation = RESPONSES.parse_request({"model": "m", "input": "a", "instructions": "Brief."})
    assert RESPONSES.render_request(conversation)["instructions"] == "Brief."
    assert CHAT.render_request(conversation)["messages"][0] == {
        "role": "system",
        "content": "Brief.",
    }
    assert ANTHROPIC.render_request(conversation)["system"] == "Brief."


def test_what_the_assistant_said_in_several_items_is_one_message_elsewhere() -> None:
    items = [
        {"type": "message", "role": "user", "content": "Look."},
        {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "SIGN=="},
        {"type": "function_call", "call_id": "a", "name": "hosts", "arguments": "{}", "id": "fc"},
        {"type": "function_call", "call_id": "b", "name": "hosts", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "1"},
        {"type": "function_call_output", "call_id": "b", "output": "2"},
    ]
    conversation = RESPONSES.parse_request({"model": "m", "input": items})
    assert RESPONSES.render_request(conversation)["input"] == [
        {**items[0]},
        *items[1:],
    ]
    messages = CHAT.render_request(conversation)["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "tool"]
    assert [call["id"] for call in messages[1]["tool_calls"]] == ["a", "b"]


def test_anthropic_s_marks_stay_with_anthropic() -> None:
    mark = {"type": "ephemeral"}
    body = {
        "model": "m",
        "max_tokens": 5,
        "system": [{"type": "text", "text": "Be brief.", "cache_control": mark}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "a", "cache_control": mark}]},
            {"role": "system", "content": "From now on in French."},
            {"role": "user", "content": [{"type": "document", "source": {"type": "text"}}]},
        ],
        "tools": [{"type": "web_search_20250305", "name": "web_search"}],
        "thinking": {"type": "adaptive", "display": "summarized"},
        "metadata": {"user_id": "u", "more": 1},
        "top_k": 3,
    }
    conversation = ANTHROPIC.parse_request(body)
    assert conversation.user == "u"
    assert ANTHROPIC.render_request(conversation) == {
        **body,
        "messages": [
            body["messages"][0],  # type: ignore[index]
            body["messages"][1],  # type: ignore[index]
            body["messages"][2],  # type: ignore[index]
        ],
    }
    with pytest.raises(UntranslatableError, match=r"document|web_search"):
        CHAT.render_request(conversation)


def test_errors_of_tools_keep_their_mark_where_there_is_one() -> None:
    conversation = ANTHROPIC.parse_request(
        {
            "model": "m",
            "max_tokens": 5,
            "tools": [{"name": "hosts", "input_schema": {"type": "object"}}],
            "messages": [
                {
                    "role": "assistant",
                    "content": [{"type": "tool_use", "id": "a", "name": "hosts", "input": {}}],
                },
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "tool_result",
                            "tool_use_id": "a",
                            "is_error": True,
                            "content": [
                                {"type": "text", "text": "No such host."},
                                {
                                    "type": "image",
                                    "source": {
                                        "type": "base64",
                                        "media_type": "image/png",
                                        "data": "AAAA",
                                    },
                                },
                            ],
                        }
                    ],
                },
            ],
        }
    )
    result = BEDROCK.render_request(conversation)["messages"][1]["content"][0]["toolResult"]
    assert result["status"] == "error"
    assert [next(iter(block)) for block in result["content"]] == ["text", "image"]
    result = GEMINI.render_request(conversation)["contents"][1]["parts"][0]["functionResponse"]
    assert result["response"] == {"error": "No such host."}
    assert result["parts"] == [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]
    output = RESPONSES.render_request(conversation)["input"][1]["output"]
    assert [part["type"] for part in output] == ["input_text", "input_image"]


def test_ids_that_a_provider_would_refuse_are_replaced_in_calls_and_results_alike() -> None:
    odd, long = "functions.hosts:0", "x" * 90
    messages: list[dict[str, Any]] = [user("a")]
    for identity in (odd, long):
        messages.append({"role": "assistant", "tool_calls": [{**CALL, "id": identity}]})
        messages.append({"role": "tool", "tool_call_id": identity, "content": "ok"})
    conversation = chat(*messages, tools=[TOOL])
    body = ANTHROPIC.render_request(conversation)["messages"]
    calls = [block["id"] for turn in body for block in turn["content"] if "input" in block]
    results = [
        block["tool_use_id"] for turn in body for block in turn["content"] if "tool_use_id" in block
    ]
    assert calls == results
    assert len(set(calls)) == 2
    assert all(len(one) <= 64 and one.replace("_", "").isalnum() for one in calls)
    again = CHAT.render_request(conversation)["messages"]
    assert [len(message["tool_call_id"]) <= 40 for message in again if "tool_call_id" in message]
    assert again[1]["tool_calls"][0]["id"] == odd


def test_gemini_3_is_told_that_a_call_is_another_model_s() -> None:
    conversation = chat(
        user("a"),
        {"role": "assistant", "tool_calls": [{**CALL, "id": "a"}, {**CALL, "id": "b"}]},
        tools=[TOOL],
    )

    def marks(model: str) -> list[Any]:
        from dataclasses import replace

        body = GEMINI.render_request(replace(conversation, model=model))
        return [part.get("thoughtSignature") for part in body["contents"][1]["parts"]]

    assert marks("gemini-3-pro") == ["skip_thought_signature_validator", None]
    assert marks("gemini-2.5-flash") == [None, None]


@pytest.mark.parametrize(
    ("model", "effort", "expected"),
    [
        ("gemini-2.5-pro", "low", {"thinkingBudget": 1024}),
        ("gemini-2.5-flash", "none", {"thinkingBudget": 0}),
        ("gemini-3-pro", "xhigh", {"thinkingLevel": "high"}),
    ],
)
def test_effort_is_said_as_the_gemini_model_takes_it(
    model: str, effort: str, expected: dict[str, Any]
) -> None:
    conversation = CHAT.parse_request(
        {"model": model, "messages": [user("a")], "reasoning_effort": effort}
    )
    config = GEMINI.render_request(conversation)["generationConfig"]
    assert config["thinkingConfig"] == expected


def test_a_tool_may_be_called_like_a_choice() -> None:
    tool = {"type": "function", "function": {"name": "none"}}
    choice = {"type": "function", "function": {"name": "none"}}
    conversation = chat(user("a"), tools=[tool], tool_choice=choice)
    assert not isinstance(conversation.tool_choice, Choice)
    assert ANTHROPIC.render_request(conversation)["tool_choice"] == {"type": "tool", "name": "none"}
    assert CHAT.render_request(conversation)["tool_choice"] == choice


def test_gemini_s_older_schemas_are_read_as_json_schema() -> None:
    body = {
        "contents": [{"parts": [{"text": "a"}]}],
        "tools": [
            {
                "functionDeclarations": [
                    {
                        "name": "f",
                        "parameters": {
                            "type": "OBJECT",
                            "properties": {"type": {"type": "STRING", "nullable": True}},
                        },
                    }
                ]
            }
        ],
    }
    (tool,) = GEMINI.parse_request(body).tools
    assert isinstance(tool, Tool)
    assert tool.parameters == {
        "type": "object",
        "properties": {"type": {"type": ["string", "null"]}},
    }


@pytest.mark.parametrize(
    ("name", "body", "param"),
    [
        ("openai_chat", {"model": "m"}, "messages"),
        ("openai_chat", {"model": "m", "messages": []}, "messages"),
        ("openai_chat", {"model": 7, "messages": [user("a")]}, "model"),
        ("openai_chat", {"model": "m", "messages": [{"role": "x"}]}, "messages[0].role"),
        ("openai_chat", {"model": "m", "messages": [{"role": "user"}]}, "messages[0].content"),
        (
            "openai_chat",
            {"model": "m", "messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "messages[0].content[0].text",
        ),
        ("openai_chat", {"model": "m", "messages": [user("a")], "n": 0}, "n"),
        ("openai_chat", {"model": "m", "messages": [user("a")], "stop": [1]}, "stop[0]"),
        ("anthropic", {"model": "m", "messages": [user("a")]}, "max_tokens"),
        ("anthropic", {"model": "m", "messages": [user("a")], "max_tokens": True}, "max_tokens"),
        ("openai_responses", {"model": "m"}, "input"),
        ("gemini", {"contents": [{"parts": [{"text": 1}]}]}, "contents[0].parts[0].text"),
        ("bedrock", {"messages": [{"role": "user", "content": "a"}]}, "messages[0].content"),
    ],
)
def test_a_bad_request_names_its_field(name: str, body: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        DIALECTS[name].parse_request(body)
    assert caught.value.param == param
    assert caught.value.message.startswith(f"{param}: ")


def test_unsigned_reasoning_is_not_sent_to_who_would_refuse_it() -> None:
    conversation = Conversation(
        model="m",
        dialect="openai_chat",
        messages=(
            Message(Role.USER, (Text("a"),)),
            Message(Role.ASSISTANT, (Thinking("hm"), Thinking("", "gemini:S"), Text("b"))),
        ),
    )
    for dialect in (ANTHROPIC, BEDROCK, RESPONSES):
        assert "hm" not in str(dialect.render_request(conversation))
    same = CHAT.render_request(conversation)["messages"][1]
    assert same == {"role": "assistant", "content": "b", "reasoning_content": "hm"}
    part = GEMINI.render_request(conversation)["contents"][1]["parts"][0]
    assert part == {"text": "b", "thoughtSignature": "S"}

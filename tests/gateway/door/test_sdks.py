"""The SDKs of OpenAI and Anthropic before providers of both kinds: tools, forms, counts, names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import openai
import pytest
from pydantic import BaseModel

from sensorium.gateway.providers.config import Kind
from tests.gateway.served import Served, model, provider, serving, settings
from tests.gateway.upstreams.scripted import ScriptedAnthropic, ScriptedOpenAI
from tests.gateway.upstreams.server import serving as emulating


class Found(BaseModel):
    """What the model is to fill in."""

    count: int
    words: str


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"count": {"type": "integer"}},
    "required": ["count"],
    "additionalProperties": False,
}
FUNCTION: Any = {"type": "function", "name": "hosts", "parameters": SCHEMA, "strict": True}
each_model = pytest.mark.parametrize("name", ["team/gpt", "claude"])


@asynccontextmanager
async def sdks() -> AsyncIterator[tuple[openai.AsyncOpenAI, anthropic.AsyncAnthropic, Served]]:
    async with emulating(ScriptedOpenAI()) as first, emulating(ScriptedAnthropic()) as second:
        given = settings(
            model("team/gpt", "one"),
            model("claude", "two"),
            model("other", "one"),
            providers=(
                provider("one", first.url),
                provider("two", second.url, Kind.ANTHROPIC),
            ),
        )
        allowed = ["team/gpt", "claude"]
        async with (
            serving(given, first, second, allowed_models=allowed) as served,
            openai.AsyncOpenAI(base_url=f"{served.url}/v1", api_key=served.key) as theirs,
            anthropic.AsyncAnthropic(base_url=served.url, api_key=served.key) as others,
        ):
            yield theirs, others, served


@each_model
def test_responses_are_answered_by_any_provider(name: str) -> None:
    async def check() -> None:
        async with sdks() as (client, _, _served):
            answer = await client.responses.create(model=name, input="hi", instructions="Be brief.")
            assert answer.output_text == "You said: hi"
            assert (answer.status, answer.usage.total_tokens) == ("completed", 29)
            parsed = await client.responses.parse(model=name, input="hi", text_format=Found)
            assert parsed.output_parsed == Found(count=3, words="hi")

    asyncio.run(check())


@each_model
def test_streamed_responses_have_their_events_in_order_and_the_whole_at_the_end(name: str) -> None:
    async def check() -> None:
        async with sdks() as (client, _, _served):
            async with client.responses.stream(model=name, input="hi", tools=[FUNCTION]) as stream:
                events = [event async for event in stream]
                final = await stream.get_final_response()
            assert final.output[0].arguments == '{"count": 3}'
            assert [event.type for event in events if not event.type.endswith(".delta")] == [
                "response.created",
                "response.in_progress",
                "response.output_item.added",
                "response.function_call_arguments.done",
                "response.output_item.done",
                "response.completed",
            ]
            assert [event.sequence_number for event in events] == list(range(len(events)))
            async with client.responses.stream(model=name, input="a b", text_format=Found) as again:
                kinds = [event.type async for event in again]
                final = await again.get_final_response()
            assert final.output_parsed == Found(count=3, words="a b")
            assert [kind for kind in kinds if not kind.endswith(".delta")] == [
                "response.created",
                "response.in_progress",
                "response.output_item.added",
                "response.content_part.added",
                "response.output_text.done",
                "response.content_part.done",
                "response.output_item.done",
                "response.completed",
            ]

    asyncio.run(check())


@each_model
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("previous_response_id", "resp_1"),
        ("conversation", "conv_1"),
        ("background", True),
        ("tools", [{"type": "web_search"}]),
        ("tools", [{"type": "mcp", "server_label": "a", "server_url": "http://169.254.169.254"}]),
    ],
)
def test_what_only_openai_could_do_for_a_response_is_refused_by_name(
    name: str, field: str, value: Any
) -> None:
    async def check() -> None:
        async with sdks() as (client, _, served):
            asked = {"model": name, "input": "hi", field: value}
            with pytest.raises(openai.BadRequestError) as refused:
                await client.responses.create(**asked)
            word = value[0]["type"] if field == "tools" else field
            assert refused.value.code == "unsupported"
            assert word in refused.value.message
            assert await served.rows() == []

    asyncio.run(check())


@each_model
def test_a_turn_with_a_tool_goes_on_in_responses(name: str) -> None:
    async def check() -> None:
        async with sdks() as (client, _, _served):
            asked: list[Any] = [{"role": "user", "content": "how many"}]
            first = await client.responses.create(model=name, input=asked, tools=[FUNCTION])
            asked += [item.model_dump() for item in first.output]
            call_id = first.output[0].call_id
            asked.append({"type": "function_call_output", "call_id": call_id, "output": "3"})
            second = await client.responses.create(model=name, input=asked, tools=[FUNCTION])
            assert second.output_text.startswith("You said:")

    asyncio.run(check())


@each_model
def test_chat_fills_a_form_and_calls_a_tool_in_a_stream(name: str) -> None:
    async def check() -> None:
        async with sdks() as (client, _, _served):
            asked: Any = {"model": name, "messages": [{"role": "user", "content": "hi"}]}
            parsed = await client.chat.completions.parse(**asked, response_format=Found)
            assert parsed.choices[0].message.parsed == Found(count=3, words="hi")
            tool = openai.pydantic_function_tool(Found)
            async with client.chat.completions.stream(**asked, tools=[tool]) as stream:
                kinds = {event.type async for event in stream}
                final = await stream.get_final_completion()
            assert "tool_calls.function.arguments.done" in kinds
            (call,) = final.choices[0].message.tool_calls
            assert call.function.parsed_arguments == Found(count=3, words="hi")

    asyncio.run(check())


@each_model
def test_messages_call_a_tool_in_a_stream_and_fill_a_form(name: str) -> None:
    async def check() -> None:
        async with sdks() as (_, client, _served):
            said: Any = [{"role": "user", "content": "hi"}]
            asked: Any = {"model": name, "max_tokens": 50, "messages": said}
            tool = {"name": "hosts", "input_schema": SCHEMA}
            async with client.messages.stream(**asked, tools=[tool]) as stream:
                kinds = [event.type async for event in stream]
                final = await stream.get_final_message()
            assert (final.content[0].input, final.stop_reason) == ({"count": 3}, "tool_use")
            assert kinds[0] == "message_start"
            assert kinds[-2:] == ["message_delta", "message_stop"]
            parsed = await client.messages.parse(**asked, output_format=Found)
            assert parsed.parsed_output == Found(count=3, words="hi")

    asyncio.run(check())


@each_model
def test_tokens_are_counted_without_a_call_and_without_a_row(name: str) -> None:
    async def check() -> None:
        async with sdks() as (_, client, served):

            async def count(text: str, **more: Any) -> int:
                said: Any = [{"role": "user", "content": text}]
                found = await client.messages.count_tokens(model=name, messages=said, **more)
                return found.input_tokens

            few, many = await count("four words of text"), await count("four words of text " * 50)
            tooled = await count("four words of text", tools=[{"name": "a", "input_schema": {}}])
            assert 4 <= few < tooled < many
            assert 200 <= many < 600
            with pytest.raises(anthropic.NotFoundError):
                await client.messages.count_tokens(
                    model="other", messages=[{"role": "user", "content": "a"}]
                )
            assert await served.rows() == []

    asyncio.run(check())


@each_model
def test_one_model_can_be_looked_up_by_its_name(name: str) -> None:
    async def check() -> None:
        async with sdks() as (theirs, others, _served):
            assert (await theirs.models.retrieve(name)).id == name
            assert (await others.models.retrieve(name)).display_name == name

    asyncio.run(check())


@pytest.mark.parametrize("name", ["other", "nothing", "team", "team/", "../healthz"])
def test_a_model_that_is_not_the_callers_is_not_found_and_in_the_sdks_shape(name: str) -> None:
    async def check() -> None:
        async with sdks() as (theirs, others, _served):
            with pytest.raises(openai.NotFoundError) as first:
                await theirs.models.retrieve(name)
            with pytest.raises(anthropic.NotFoundError) as second:
                await others.models.retrieve(name)
            assert first.value.code in {"model_not_found", "unknown_url"}
            assert second.value.body["error"]["type"] == "not_found_error"

    asyncio.run(check())


def test_a_call_has_its_name_where_each_sdk_looks_for_it() -> None:
    async def check() -> None:
        async with sdks() as (theirs, others, served):
            said: Any = {"model": "claude", "messages": [{"role": "user", "content": "hi"}]}
            ids = [
                (await theirs.chat.completions.create(**said))._request_id,
                (await others.messages.create(**said, max_tokens=9))._request_id,
            ]
            assert [row.request_id for row in await served.rows()] == ids
            with pytest.raises(openai.NotFoundError) as refused:
                await theirs.responses.create(model="nothing", input="hi")
            assert refused.value.request_id
            with pytest.raises(anthropic.BadRequestError) as wrong:
                await others.messages.create(**{**said, "messages": []}, max_tokens=9)
            assert wrong.value.request_id

    asyncio.run(check())

from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.gateway.cache.cache import Cache
from sensorium.gateway.cache.codec import decoded, encoded
from sensorium.gateway.cache.config import CacheConfig, SemanticConfig
from sensorium.gateway.cache.file import FileStore
from sensorium.gateway.cache.key import request_key
from sensorium.gateway.cache.memory import MemoryStore
from sensorium.gateway.conversation import (
    Choice,
    Conversation,
    Format,
    Message,
    Opaque,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)
from sensorium.gateway.reply import Answer, Reply, Stop, Usage
from sensorium.observe import Observe


def message(text: str, role: Role = Role.USER) -> Message:
    return Message(role, (Text(text),))


ASKED = Conversation(model="m", messages=(message("What is up?"),))
REPLY = Reply(
    id="r",
    model="m-1",
    answers=(
        Answer(
            (
                Thinking("hm", "seal"),
                Text("Not much", {"a": [1, {"is": "x"}]}),
                ToolCall("c", "f", '{"a": 1}'),
                Opaque("anthropic", {"of": ["y", None]}),
            ),
            Stop.TOOL,
        ),
        Answer((Text("ü"),), Stop.SEQUENCE, "END"),
    ),
    usage=Usage(3, 4, reasoning=1),
    created=17,
    dialect="openai_chat",
    extra={"service_tier": "x"},
)
# Two values for every field of a request; a new field must be added here.
VALUES: dict[str, tuple[Any, ...]] = {
    "model": ("m", "n"),
    "messages": (
        (message("a"),),
        (message("b"),),
        (message("a", Role.SYSTEM),),
        (message("a"), message("")),
        (Message(Role.USER, (Thinking("a"),)),),
        (Message(Role.USER, (Text("a"),), "ann"),),
        (Message(Role.USER, (Text("a", {"cache_control": {}}),)),),
        (Message(Role.USER, (Opaque("", {"text": "a"}),)),),
    ),
    "tools": ((), (Tool("f"),), (Tool("f", "x"),), (Opaque("openai_chat", {"name": "f"}),)),
    "tool_choice": (None, Choice.AUTO, "auto", Choice.NONE, "none", "f"),
    "parallel_tool_calls": (None, True, False),
    "max_output_tokens": (None, 1, 2),
    "temperature": (None, 0.0, 1.0, 0.1),
    "top_p": (None, 0.5, 1.0),
    "stop": ((), ("a",), ("a", "b"), ("ab",)),
    "seed": (None, 0, 1),
    "choices": (1, 2),
    "format": (None, Format(), Format({}), Format({"a": 1}), Opaque("x", {})),
    "reasoning_effort": (None, "low", "high"),
    "thinking_budget": (None, 0, 1024),
    "user": ("", "ann"),
    "dialect": ("", "openai_chat"),
    "extra": ({}, {"a": 1}, {"a": "1"}, {"a": 1.0}, {"a": True}, {"a": None}, {"a": {"b": []}}),
}
SAME = {"stream", "stream_usage"}
SCOPES = st.tuples(*[st.sampled_from(["", "a", "b", "a\x00b", "ab", '["a"]'])] * 3)
REQUESTS = st.tuples(
    SCOPES, st.fixed_dictionaries({name: st.sampled_from(v) for name, v in VALUES.items()})
)


def test_every_field_of_a_request_is_tried() -> None:
    assert {*VALUES, *SAME} == {one.name for one in fields(Conversation)}


@given(REQUESTS, REQUESTS)
def test_requests_that_differ_in_anything_never_share_a_key(
    one: tuple[Any, dict[str, Any]], other: tuple[Any, dict[str, Any]]
) -> None:
    same = repr(one) == repr(other)
    keys = [request_key(Conversation(**said), *scopes) for scopes, said in (one, other)]
    assert (keys[0] == keys[1]) is same


@pytest.mark.parametrize("name", VALUES)
def test_each_field_alone_changes_the_key(name: str) -> None:
    keys = {request_key(replace(ASKED, **{name: value}), "t", "p", "v") for value in VALUES[name]}
    assert len(keys) == len(VALUES[name])


@pytest.mark.parametrize("place", range(3))
def test_tenant_policy_and_guardrails_each_change_the_key(place: int) -> None:
    scopes = ["t", "p", "v"]
    before = request_key(ASKED, *scopes)
    scopes[place] += "'"
    assert request_key(ASKED, *scopes) != before


def test_a_stream_shares_the_answer_of_a_whole_request() -> None:
    streamed = replace(ASKED, stream=True, stream_usage=True)
    assert request_key(ASKED, "t", "p", "v") == request_key(streamed, "t", "p", "v")


def test_an_answer_comes_back_as_it_was() -> None:
    assert decoded(encoded(REPLY)) == REPLY
    for bad in (b"[]", b'{"is": "Reply", "of": []}', b'{"is": "os", "of": []}', b"{", b"null"):
        with pytest.raises(ValueError, match="not an answer"):
            decoded(bad)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def cache(clock: Clock, **more: Any) -> Cache:
    return Cache(CacheConfig(enabled=True, **more), Observe(), clock)


def test_an_answer_is_kept_until_its_time_is_over() -> None:
    clock = Clock()
    kept = cache(clock, ttl_seconds=10)

    async def run() -> None:
        key = kept.key(ASKED, "t", "p", "v")
        assert await kept.get(key) is None
        await kept.put(key, REPLY)
        assert await kept.get(key) == REPLY
        clock.now += 10
        assert await kept.get(key) is None

    asyncio.run(run())


def test_what_a_filter_cut_short_is_not_kept() -> None:
    kept = cache(Clock())

    async def run() -> None:
        for answers in (
            (),
            (Answer((), Stop.END),),
            (Answer((Text("x"),), Stop.FILTER),),
            (REPLY.answers[0], Answer((Text("x"),), Stop.PAUSE)),
        ):
            await kept.put(b"k", replace(REPLY, answers=answers))
            assert await kept.get(b"k") is None

    asyncio.run(run())


def test_requests_with_results_of_tools_are_taken_by_setting() -> None:
    with_result = replace(ASKED, messages=(Message(Role.TOOL, (ToolResult("c", (Text("x"),)),)),))
    assert cache(Clock()).takes(ASKED)
    assert not cache(Clock()).takes(with_result)
    assert cache(Clock(), tool_results=True).takes(with_result)
    assert not cache(Clock(), models=("other",)).takes(ASKED)
    assert not Cache(CacheConfig(), Observe(), Clock()).takes(ASKED)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 900)), max_size=40))
def test_memory_stays_within_its_bytes(puts: list[tuple[int, int]]) -> None:
    store = MemoryStore(2000, Clock())
    for number, size in puts:
        store.put(b"%d" % number, b"x" * size, 2000.0)
        assert store.size <= 2000
        entry = store.get(b"%d" % number)
        assert entry is not None
        assert len(entry[1]) == size
    store.put(b"big", b"x" * 2000, 2000.0)
    assert store.get(b"big") is None


def test_the_least_recently_used_leave_first() -> None:
    store = MemoryStore(1100, Clock())
    for name in (b"a", b"b"):
        store.put(name, b"x" * 200, 2000.0)
    store.get(b"a")
    store.put(b"c", b"x" * 200, 2000.0)
    assert store.get(b"b") is None
    assert store.get(b"a") is not None


def test_a_file_keeps_answers_across_restarts_and_within_its_bytes(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "below" / "cache.sqlite"

    def opened() -> Cache:
        config = CacheConfig(enabled=True, ttl_seconds=100)
        return Cache(config, Observe(), clock, file=FileStore(path, 50_000, clock))

    async def run() -> None:
        first = opened()
        await first.put(b"k", REPLY)
        first.close()
        second = opened()
        assert await second.get(b"k") == REPLY
        clock.now += 100
        assert await second.get(b"k") is None
        second.close()

    asyncio.run(run())
    assert path.stat().st_mode & 0o077 == 0
    store = FileStore(path, 1000, clock)
    for number in range(30):
        store.put(b"%d" % number, b"x" * 300, clock.now + 100)
        clock.now += 1
    sizes = [len(one[1]) for n in range(30) if (one := store.get(b"%d" % n))]
    assert 0 < sum(sizes) <= 1000
    assert store.get(b"29") is not None
    store.close()


def test_a_file_that_several_keep_answers_in_holds_no_more_than_one_may(tmp_path: Path) -> None:
    clock = Clock()
    first, second = (FileStore(tmp_path / "answers", 1000, clock) for _ in range(2))
    for number in range(20):
        (first, second)[number % 2].put(b"%d" % number, b"x" * 300, clock.now + 100)
        clock.now += 1
        held = [len(one[1]) for n in range(20) if (one := first.get(b"%d" % n))]
        assert sum(held) <= 1000
    assert second.get(b"18") is not None, "what one keeps the other finds"
    first.close()
    second.close()


VECTORS = {
    "What is a router?": (1.0, 0.0, 0.0),
    "what's a router": (0.999, 0.03, 0.0),
    "What is a switch?": (0.0, 1.0, 0.0),
}


def test_a_question_very_like_another_shares_its_answer_and_nothing_else_does() -> None:
    asked_for: list[str] = []

    async def embed(text: str) -> tuple[float, ...]:
        asked_for.append(text)
        return VECTORS[text]

    config = CacheConfig(enabled=True, semantic=SemanticConfig(model="e"))
    kept = Cache(config, Observe(), Clock(), embed=embed)

    def asking(text: str, **more: Any) -> Conversation:
        return replace(ASKED, messages=(message("Be kind", Role.SYSTEM), message(text)), **more)

    async def run() -> None:
        first = asking("What is a router?")
        await kept.put(kept.key(first, "t", "p", "v"), REPLY)
        await kept.put_similar(first, "t", "p", "v", REPLY)
        like = asking("what's a router")
        assert await kept.get_similar(like, "t", "p", "v") == REPLY
        assert await kept.get_similar(asking("What is a switch?"), "t", "p", "v") is None
        for other in (("u", "p", "v"), ("t", "q", "v"), ("t", "p", "w")):
            assert await kept.get_similar(like, *other) is None
        for change in ({"temperature": 0.3}, {"model": "n"}, {"user": "x"}, {"extra": {"a": 1}}):
            assert await kept.get_similar(replace(like, **change), "t", "p", "v") is None
        asked_for.clear()
        tools = replace(like, tools=(Tool("f"),))
        assert await kept.get_similar(tools, "t", "p", "v") is None
        assert asked_for == []

    asyncio.run(run())


def test_without_a_model_for_it_nothing_is_embedded() -> None:
    async def embed(text: str) -> tuple[float, ...]:
        raise AssertionError("asked")

    kept = Cache(CacheConfig(enabled=True), Observe(), Clock(), embed=embed)

    async def run() -> None:
        await kept.put_similar(ASKED, "t", "p", "v", REPLY)
        assert await kept.get_similar(ASKED, "t", "p", "v") is None

    asyncio.run(run())

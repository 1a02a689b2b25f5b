from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.gateway.conversation import (
    Conversation,
    Format,
    Image,
    Message,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from sensorium.gateway.dialects.tokens import estimate_tokens, of_text

TEXTS = {
    "english": "A router saw more traffic than usual, and nobody could say where it came from. "
    * 20,
    "code": "def total(rows: list[int]) -> int:\n    return sum(row for row in rows if row > 0)\n"
    * 20,
    "json": json.dumps([{"host": f"edge-{n}", "bytes": n * 7919, "up": True} for n in range(60)]),
    "german": "Der Verkehr war höher als sonst, und niemand wusste, woher er kam. " * 20,
    "chinese": "流量比平时高，没有人知道它从哪里来。" * 30,
    "digits": "31415926535897932384626433832795" * 20,
}


def conversation(*parts: Any, **more: Any) -> Conversation:
    return Conversation(model="m", messages=(Message(Role.USER, parts),), **more)


@pytest.fixture(scope="module")
def tokeniser() -> Any:
    """A real one: Anthropic's for Claude 2, which LiteLLM's package brings along."""
    pytest.importorskip("tokenizers")
    found = importlib.util.find_spec("litellm")
    if found is None or found.origin is None:
        pytest.skip("needs the tokeniser in LiteLLM's package")
    from tokenizers import Tokenizer

    folder = Path(found.origin).parent / "litellm_core_utils" / "tokenizers"
    return Tokenizer.from_file(str(folder / "anthropic_tokenizer.json"))


@pytest.mark.parametrize("kind", sorted(TEXTS))
def test_the_guess_is_near_and_rather_too_high(kind: str, tokeniser: Any) -> None:
    real = len(tokeniser.encode(TEXTS[kind]).ids)
    assert 0.85 * real <= of_text(TEXTS[kind]) <= 1.7 * real


@given(st.text(max_size=60), st.text(max_size=60))
def test_more_text_never_costs_less(first: str, second: str) -> None:
    assert max(of_text(first), of_text(second)) <= of_text(first + second)
    assert of_text(first + second) <= of_text(first) + of_text(second)


def test_everything_that_is_sent_counts() -> None:
    plain = conversation(Text("hello"))
    tool = Tool("lookup", "Looks a host up.", {"type": "object", "properties": {"host": {}}})
    longer = [
        conversation(Text("hello"), Text("world")),
        conversation(Text("hello"), Image("image/png", "AAAA")),
        conversation(Text("hello"), ToolCall("c", "lookup", '{"host": "edge-1"}')),
        conversation(Text("hello"), ToolResult("c", (Text("it is up"),))),
        replace(plain, tools=(tool,)),
        replace(plain, format=Format(schema={"type": "object", "properties": {"up": {}}})),
    ]
    for other in longer:
        assert estimate_tokens(other) > estimate_tokens(plain)
    shown = replace(tool, extra={"input_examples": [{"host": "edge-1"}] * 20})
    tooled, taught = (estimate_tokens(replace(plain, tools=(one,))) for one in (tool, shown))
    assert taught > tooled + 100


def test_a_picture_counts_by_its_detail_and_not_by_its_bytes() -> None:
    small, large = Image("image/png", "A" * 100), Image("image/png", "A" * 1_000_000)
    assert estimate_tokens(conversation(small)) == estimate_tokens(conversation(large))
    low = Image("image/png", "A" * 1_000_000, detail="low")
    assert estimate_tokens(conversation(low)) < estimate_tokens(conversation(large))

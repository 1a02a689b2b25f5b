"""What calls cost: by the list, by one's own list, and never nothing for what is unknown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.errors import UsageError
from sensorium.gateway.ledger import PriceBook
from sensorium.gateway.ledger.prices.entry import Entry
from sensorium.gateway.ledger.prices.tariffs import Asked
from sensorium.gateway.reply import Usage

BOOK = PriceBook.load()
counts = st.integers(0, 2_000_000)


def test_a_price_is_found_for_a_model_and_its_dated_versions() -> None:
    for provider, model in (
        ("openai", "gpt-4o"),
        ("openai", "gpt-4o-2024-11-20"),
        ("anthropic", "claude-haiku-4-5-20251001"),
        ("anthropic", "claude-haiku-4-5@20251001"),
        ("bedrock", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("bedrock", "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/"
                    "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("local", "anything"),
    ):  # fmt: skip
        assert BOOK.entry(provider, model) is not None, model


def test_another_model_whose_name_only_begins_alike_has_no_price() -> None:
    for model in ("gpt-4o-audio-preview", "gpt-4omni", "gpt-5-mini-high", "o3-deep-research", ""):
        assert BOOK.entry("openai", model) is None, model
        assert BOOK.cost("openai", model, Usage(1, 1)) is None
    for model in ("claude-opus-5-6", "claude-opus-5-10-20261001", "claude-sonnet-5-7"):
        assert BOOK.entry("anthropic", model) is None, model
        assert BOOK.worst("openai", model, 1, 1) is None
    assert BOOK.cost("nobody", "gpt-4o", Usage(1, 1)) is None


def test_a_cost_is_made_of_what_was_read_written_and_cached() -> None:
    cost = BOOK.cost("openai", "gpt-4o", Usage(1000, 100, cache_read=400))
    assert cost is not None
    assert cost.nanodollars == 600 * 2500 + 400 * 1250 + 100 * 10_000
    assert cost.price_version == BOOK.version
    cost = BOOK.cost("anthropic", "claude-haiku-4-5", Usage(1000, 10, 200, 300))
    assert cost is not None
    assert cost.nanodollars == 500 * 1000 + 200 * 100 + 300 * 1250 + 10 * 5000


def test_a_fraction_of_a_nano_dollar_is_rounded_up() -> None:
    cost = BOOK.cost("bedrock", "amazon.nova-micro-v1:0", Usage(1, 0, cache_read=1))
    assert cost is not None
    assert cost.nanodollars == 9  # 8.75


def test_long_prompts_cost_the_dearer_tariff_whole() -> None:
    short = BOOK.cost("gemini", "gemini-2.5-pro", Usage(200_000, 1000))
    long = BOOK.cost("gemini", "gemini-2.5-pro", Usage(200_001, 1000))
    assert short is not None
    assert long is not None
    assert short.nanodollars == 200_000 * 1250 + 1000 * 10_000
    assert long.nanodollars == 200_001 * 2500 + 1000 * 15_000


@given(
    counts, counts, st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.sampled_from(list(BOOK))
)
def test_no_use_within_the_bounds_costs_more_than_the_worst(
    tokens: int,
    output: int,
    read: float,
    write: float,
    long: float,
    entry: tuple[str, str, Entry],
) -> None:
    _kind, _model, prices = entry
    cached = int(tokens * read)
    written = int((tokens - cached) * write)
    kept_long = int(written * long)
    for tariffs in ((), *((name,) for name in prices.times), tuple(prices.times)):
        asked = Asked(tariffs, long_cache=kept_long > 0)
        worst = prices.worst(tokens, output, asked)
        cost = prices.cost(Usage(tokens, output, cached, written, 0, kept_long), asked)
        assert worst is not None
        assert cost is not None
        assert cost <= worst


def test_what_is_cached_for_an_hour_costs_more_than_for_five_minutes() -> None:
    cost = BOOK.cost("anthropic", "claude-haiku-4-5", Usage(1000, 0, 0, 600, 0, 400))
    assert cost is not None
    assert cost.nanodollars == 400 * 1000 + 200 * 1250 + 400 * 2000


@pytest.mark.parametrize(
    "body",
    [
        {"cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"system": [{"type": "text", "text": "x", "cache_control": {"ttl": "1h"}}]},
        {"messages": [{"content": [{"a": 1}, {"cachePoint": {"type": "default", "ttl": "1h"}}]}]},
        {"tools": [{"name": "t", "cache_control": {"ttl": "a year"}}]},
    ],
)
def test_a_longer_cache_is_reserved_for_wherever_it_is_asked_for(body: dict[str, Any]) -> None:
    asked = BOOK.asked("anthropic", "claude-opus-5-5", body)
    assert asked == Asked(long_cache=True)
    worst = BOOK.worst("anthropic", "claude-opus-5-5", 300, 0, asked)
    assert worst is not None
    assert worst.nanodollars == 400 * 8000


def test_five_minutes_are_no_longer_cache() -> None:
    body = {"system": [{"cache_control": {"type": "ephemeral", "ttl": "5m"}}], "ttl": None}
    assert BOOK.asked("anthropic", "claude-opus-5-5", body) == Asked()


def test_a_place_and_a_speed_multiply() -> None:
    body = {"inference_geo": "us", "speed": "fast", "service_tier": "standard_only"}
    asked = BOOK.asked("anthropic", "claude-opus-5-5", body)
    assert set(asked.tariffs) == {"us", "fast"}
    cost = BOOK.cost("anthropic", "claude-opus-5-5", Usage(1000, 100), asked)
    assert cost is not None
    assert cost.nanodollars == (1000 * 4000 + 100 * 20_000) * 22 // 10
    assert BOOK.cost("anthropic", "claude-sonnet-5-5", Usage(1, 1), asked) is None


def test_words_of_the_ordinary_service_change_nothing() -> None:
    for body in (
        {"service_tier": "auto", "speed": "standard", "inference_geo": "global"},
        {"serviceTier": {"type": "default"}, "performanceConfig": {"latency": "standard"}},
        {"service_tier": None},
    ):
        assert BOOK.asked("openai", "gpt-5.5", body) == Asked()


def test_an_answer_without_a_bound_is_reserved_for_at_its_longest() -> None:
    worst = BOOK.worst("openai", "gpt-4o", 0, None)
    assert worst is not None
    assert worst.nanodollars == 16_384 * 10_000


def test_ones_own_list_outranks_the_shipped_one_and_is_named(tmp_path: Path) -> None:
    own = tmp_path / "prices.toml"
    own.write_text('version = "contract-7"\n[openai]\n"gpt-4o" = { input = "1", output = "2" }\n'
                   '[mine]\n"*" = { input = "0.5" }\n')  # fmt: skip
    book = PriceBook.load(own)
    cost = book.cost("openai", "gpt-4o", Usage(1, 1))
    assert cost is not None
    assert (cost.nanodollars, cost.price_version) == (3000, f"{BOOK.version}+contract-7")
    assert book.entry("openai", "gpt-4o-mini") is not None
    assert book.entry("mine", "x") is not None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("version = 1", "no version"),
        ("nonsense", "not TOML"),
        ('version = "1"\nopenai = 3', "not a table"),
        ('version = "1"\n[a]\nb = { output = "1" }', "lack input"),
        ('version = "1"\n[a]\nb = { input = "free" }', "no amount"),
        ('version = "1"\n[a]\nb = { input = "-1" }', "no amount"),
        ('version = "1"\n[a]\nb = { input = 0.1 }', "no amount"),
        ('version = "1"\n[a]\nb = { input = "1", outputs = "1" }', "unknown word"),
        ('version = "1"\n[a]\nb = { input = "1", longest = "x" }', "number of tokens"),
        ('version = "1"\n[a]\nb = { input = "1", times = "2" }', "no"),
        ('version = "1"\n[a]\nb = { input = "1", times = { fast = 2.5 } }', "no amount"),
    ],
)
def test_a_price_file_that_is_wrong_says_where(tmp_path: Path, text: str, says: str) -> None:
    own = tmp_path / "prices.toml"
    own.write_text(text)
    with pytest.raises(UsageError, match=says):
        PriceBook.load(own)


def test_a_price_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        PriceBook.load(tmp_path / "none.toml")

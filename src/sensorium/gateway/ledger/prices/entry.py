"""The prices of one model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sensorium.errors import UsageError
from sensorium.gateway.ledger.prices.tariffs import PLAIN, Asked
from sensorium.gateway.reply import Usage

MILLION: Final = 1_000_000
_NANO: Final = 1_000_000_000
_THOUSAND: Final = 1000
_RATES: Final = ("input", "output", "cache_read", "cache_write", "cache_write_long")
_KNOWN: Final = {
    *_RATES,
    *(f"over_{name}" for name in _RATES),
    "over",
    "longest",
    "picture",
    "times",
}
_LONGEST: Final = 128_000
"""Tokens reserved for an answer that nothing bounds: no model here writes more."""
_PICTURE: Final = 5000
"""Tokens reserved for a picture: Anthropic's models of high resolution read up to 4,784."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Nano-dollars for a million tokens."""

    input: int
    output: int
    cache_read: int
    cache_write: int
    cache_write_long: int

    def cost(self, usage: Usage) -> int:
        """Nano-dollars for a million times this use. Cached tokens are a part of those read."""
        plain = max(usage.input - usage.cache_read - usage.cache_write, 0)
        kept_long = min(usage.cache_write_long, usage.cache_write)
        return (
            plain * self.input
            + usage.cache_read * self.cache_read
            + (usage.cache_write - kept_long) * self.cache_write
            + kept_long * self.cache_write_long
            + usage.output * self.output
        )

    def dearest_input(self, *, long_cache: bool) -> int:
        """What a token that is read can cost at most."""
        dearest = max(self.input, self.cache_read, self.cache_write)
        return max(dearest, self.cache_write_long) if long_cache else dearest


@dataclass(frozen=True, slots=True)
class Entry:
    """A model's prices; ``above`` holds from more than ``over`` input tokens on.

    ``times`` are the thousandfold factors of tariffs that a request can ask for, by their names;
    ``picture`` is the most tokens that one picture is read as.
    """

    rates: Rates
    longest: int
    over: int = 0
    above: Rates | None = None
    times: Mapping[str, int] = field(default_factory=dict)
    picture: int = _PICTURE

    @property
    def has_long_cache(self) -> bool:
        """Whether keeping something in the cache for longer costs more."""
        return self.rates.cache_write_long > self.rates.cache_write

    def cost(self, usage: Usage, asked: Asked = PLAIN) -> int | None:
        """What this use costs, in nano-dollars; None where a tariff's factor is not known."""
        rates = self.above if self.above is not None and usage.input > self.over else self.rates
        return self._charged(rates.cost(usage), asked)

    def worst(self, input_tokens: int, max_output: int | None, asked: Asked = PLAIN) -> int | None:
        """What a call can cost at most, of whose input there is an estimate.

        Estimates are up to a quarter too low (``dialects/tokens.py``), so a third is added. Where
        that comes near the dearer tariff, that one counts.
        """
        read = -(-input_tokens * 4 // 3)
        dear = self.above is not None and read * 2 > self.over
        rates = self.above if dear and self.above is not None else self.rates
        output = self.longest if max_output is None else max_output
        dearest = rates.dearest_input(long_cache=asked.long_cache)
        return self._charged(read * dearest + output * rates.output, asked)

    def _charged(self, amount: int, asked: Asked) -> int | None:
        """Nano-dollars, rounded up, from those for a million times the use."""
        per = MILLION
        for tariff in asked.tariffs:
            factor = self.times.get(tariff)
            if factor is None:
                return None
            amount, per = amount * factor, per * _THOUSAND
        return -(-amount // per)


def read_entry(where: str, said: Any) -> Entry:
    """An entry of a price file; ``UsageError`` names what is wrong with it."""
    if not isinstance(said, dict):
        raise UsageError(f"the prices of {where} are not a table")
    unknown = sorted(said.keys() - _KNOWN)
    if unknown:
        raise UsageError(
            f"the prices of {where} have the unknown word {unknown[0]!r}",
            next_step="known are: " + ", ".join(sorted(_KNOWN)),
        )
    over = _count(where, said, "over", 0)
    return Entry(
        _rates(where, said, ""),
        _count(where, said, "longest", _LONGEST),
        over,
        _rates(where, said, "over_") if over else None,
        _times(where, said),
        _count(where, said, "picture", _PICTURE),
    )


def _times(where: str, said: dict[str, Any]) -> dict[str, int]:
    factors = said.get("times", {})
    if not isinstance(factors, dict):
        raise UsageError(
            f"the tariffs of {where} are not a table",
            next_step='write factors of the list price as decimal text: times = { fast = "2" }',
        )
    return {
        name: _amount(f"{where}: times", factors, name, None) // (_NANO // _THOUSAND)
        for name in factors
    }


def _rates(where: str, said: dict[str, Any], prefix: str) -> Rates:
    base = _amount(where, said, f"{prefix}input", None)
    return Rates(
        input=base,
        output=_amount(where, said, f"{prefix}output", 0),
        cache_read=_amount(where, said, f"{prefix}cache_read", base),
        cache_write=(written := _amount(where, said, f"{prefix}cache_write", base)),
        cache_write_long=_amount(where, said, f"{prefix}cache_write_long", written),
    )


def _amount(where: str, said: dict[str, Any], name: str, default: int | None) -> int:
    if name not in said:
        if default is None:
            raise UsageError(f"the prices of {where} lack {name}")
        return default
    try:
        amount = Decimal(str(said[name]) if isinstance(said[name], str | int) else "NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise UsageError(
            f"the price {name} of {where} is no amount of dollars",
            next_step='write dollars for a million tokens as decimal text, like "0.25"',
        )
    return int((amount * _NANO).to_integral_value())


def _count(where: str, said: dict[str, Any], name: str, default: int) -> int:
    value = said.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UsageError(f"{name} of the prices of {where} is no number of tokens")
    return value

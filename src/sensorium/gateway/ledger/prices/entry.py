"""The prices of one model."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sensorium.errors import UsageError
from sensorium.gateway.reply import Usage

MILLION: Final = 1_000_000
_RATES: Final = ("input", "output", "cache_read", "cache_write")
_KNOWN: Final = {*_RATES, *(f"over_{name}" for name in _RATES), "over", "longest"}
_LONGEST: Final = 128_000
"""Tokens reserved for an answer that nothing bounds: no model here writes more."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Nano-dollars for a million tokens."""

    input: int
    output: int
    cache_read: int
    cache_write: int

    def cost(self, usage: Usage) -> int:
        """Nano-dollars, rounded up. Cached tokens are a part of those read."""
        plain = max(usage.input - usage.cache_read - usage.cache_write, 0)
        amount = (
            plain * self.input
            + usage.cache_read * self.cache_read
            + usage.cache_write * self.cache_write
            + usage.output * self.output
        )
        return -(-amount // MILLION)

    @property
    def dearest_input(self) -> int:
        """What a token that is read can cost at most."""
        return max(self.input, self.cache_read, self.cache_write)


@dataclass(frozen=True, slots=True)
class Entry:
    """A model's prices; ``above`` holds from more than ``over`` input tokens on."""

    rates: Rates
    longest: int
    over: int = 0
    above: Rates | None = None

    def cost(self, usage: Usage) -> int:
        """What this use costs, in nano-dollars."""
        rates = self.above if self.above is not None and usage.input > self.over else self.rates
        return rates.cost(usage)

    def worst(self, input_tokens: int, max_output: int | None) -> int:
        """What a call can cost at most, of whose input there is an estimate.

        Estimates are up to a quarter too low (``dialects/tokens.py``), so a third is added. Where
        that comes near the dearer tariff, that one counts.
        """
        read = -(-input_tokens * 4 // 3)
        dear = self.above is not None and read * 2 > self.over
        rates = self.above if dear and self.above is not None else self.rates
        output = self.longest if max_output is None else max_output
        return -(-(read * rates.dearest_input + output * rates.output) // MILLION)


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
    )


def _rates(where: str, said: dict[str, Any], prefix: str) -> Rates:
    base = _amount(where, said, f"{prefix}input", None)
    return Rates(
        input=base,
        output=_amount(where, said, f"{prefix}output", 0),
        cache_read=_amount(where, said, f"{prefix}cache_read", base),
        cache_write=_amount(where, said, f"{prefix}cache_write", base),
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
    return int((amount * 1_000_000_000).to_integral_value())


def _count(where: str, said: dict[str, Any], name: str, default: int) -> int:
    value = said.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UsageError(f"{name} of the prices of {where} is no number of tokens")
    return value

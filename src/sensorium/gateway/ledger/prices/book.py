"""The price list: what a call costs, what it can cost at most; unknown is never zero."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from sensorium.errors import UsageError
from sensorium.gateway.ledger.prices.entry import Entry, read_entry
from sensorium.gateway.ledger.prices.tariffs import PLAIN, Asked, asked_by
from sensorium.gateway.ledger.words import Cost
from sensorium.gateway.reply import Usage

# A date or a three-digit build, an edition, a revision: never the number of another model.
_VERSIONED: Final = re.compile(
    r"(?:[-@]\d{4}-\d{2}-\d{2}|[-@]\d{8}|-\d{3})?(?:-v\d+)?(?::\d+)?", re.ASCII
)
ANY: Final = "*"
"""A model name that stands for every model of a provider's kind that has no entry."""


class PriceBook:
    """Prices by kind of provider and model. Immutable; :meth:`load` reads it.

    ``version`` names what the costs stand on: the shipped list's date, and that of one's own file
    where there is one.
    """

    def __init__(self, version: str, entries: Mapping[str, Mapping[str, Entry]]) -> None:
        self.version = version
        self._entries = entries
        self._find = lru_cache(maxsize=4096)(self._look_up)

    @classmethod
    def load(cls, own: Path | None = None) -> PriceBook:
        """The shipped prices, under those of ``own``; ``UsageError`` where that is not one."""
        shipped = files(__package__).joinpath("prices.toml").read_text(encoding="utf-8")
        version, entries = _read("the shipped price list", shipped)
        if own is not None:
            try:
                text = own.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise UsageError(f"the price file {own} cannot be read: {error}") from error
            added, theirs = _read(str(own), text)
            version = f"{version}+{added}"
            for kind, models in theirs.items():
                entries[kind] = {**entries.get(kind, {}), **models}
        return cls(version[:64], entries)

    def cost(self, provider: str, model: str, usage: Usage, asked: Asked = PLAIN) -> Cost | None:
        """What this use costs; None where the price is unknown."""
        entry = self._find(provider, model)
        cost = None if entry is None else entry.cost(usage, asked)
        return None if cost is None else Cost(cost, self.version)

    def worst(
        self,
        provider: str,
        model: str,
        input_tokens: int,
        max_output: int | None,
        asked: Asked = PLAIN,
    ) -> Cost | None:
        """What the call can cost at most; None where the price is unknown."""
        entry = self._find(provider, model)
        cost = None if entry is None else entry.worst(input_tokens, max_output, asked)
        return None if cost is None else Cost(cost, self.version)

    def asked(self, provider: str, model: str, body: Mapping[str, Any]) -> Asked:
        """What a request's body asks for that changes its price."""
        entry = self._find(provider, model)
        return asked_by(body, long_cache=entry is not None and entry.has_long_cache)

    def entry(self, provider: str, model: str) -> Entry | None:
        """The prices that hold for a model."""
        return self._find(provider, model)

    def __iter__(self) -> Iterator[tuple[str, str, Entry]]:
        """Kind of provider, model and prices, of every entry."""
        for kind, models in sorted(self._entries.items()):
            for model, entry in sorted(models.items()):
                yield kind, model, entry

    def _look_up(self, provider: str, model: str) -> Entry | None:
        models = self._entries.get(provider)
        if models is None:
            return None
        name = model.rpartition("/")[2]
        best = ""
        for known in models:
            rest = name.removeprefix(known) if name.startswith(known) else None
            fits = rest == "" or (rest is not None and _VERSIONED.fullmatch(rest) is not None)
            if fits and len(known) > len(best):
                best = known
        return models.get(best or ANY)


def _read(where: str, text: str) -> tuple[str, dict[str, dict[str, Entry]]]:
    try:
        said: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{where} is not TOML: {error}") from error
    version = said.pop("version", "")
    if not isinstance(version, str) or not version:
        raise UsageError(f"{where} has no version", next_step='begin it with version = "..."')
    entries: dict[str, dict[str, Entry]] = {}
    for kind, models in said.items():
        if not isinstance(models, dict):
            raise UsageError(f"{where}: {kind} is not a table of models")
        entries[kind] = {
            model: read_entry(f"{kind} {model}", prices) for model, prices in models.items()
        }
    return version, entries

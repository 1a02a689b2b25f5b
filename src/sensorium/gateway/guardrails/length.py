"""How long a request or an answer may be."""

from __future__ import annotations

from collections.abc import Callable

from sensorium.gateway.guardrails.config import LengthConfig
from sensorium.gateway.guardrails.context import Context
from sensorium.gateway.guardrails.rule import Judgement, Meter, Subject


class Length:
    """A whole rule that can also judge an answer as it comes."""

    kind = "length"

    def __init__(self, config: LengthConfig, estimate: Callable[[str], int] | None) -> None:
        if config.tokens and estimate is None:
            raise ValueError("a limit of tokens needs something that estimates them")
        if not (config.characters or config.tokens or config.messages or config.tools):
            raise ValueError("a rule of length needs a limit")
        self._config = config
        self._estimate = estimate

    def meter(self) -> Meter | None:
        """Counts one answer."""
        return _Counter(self)

    async def judge(self, subject: Subject, context: Context) -> Judgement | None:
        """Count everything."""
        config = self._config
        if config.messages and subject.messages > config.messages:
            return _over("messages", config.messages)
        if config.tools and subject.tools > config.tools:
            return _over("tools", config.tools)
        texts = [fragment.text for fragment in subject.fragments]
        return self.over(sum(map(len, texts)), self.tokens(texts))

    def tokens(self, texts: list[str]) -> int:
        """About how many tokens the texts have; 0 where there is no limit of them."""
        if not self._config.tokens or self._estimate is None:
            return 0
        return sum(map(self._estimate, texts))

    def over(self, characters: int, tokens: int) -> Judgement | None:
        """Whether counts are over their limits."""
        config = self._config
        if config.characters and characters > config.characters:
            return _over("characters", config.characters)
        if config.tokens and tokens > config.tokens:
            return _over("tokens", config.tokens)
        return None


class _Counter:
    def __init__(self, rule: Length) -> None:
        self._rule = rule
        self._characters = 0
        self._tokens = 0
        self._said = False

    def feed(self, text: str) -> Judgement | None:
        # Pieces are often single tokens; their estimates add up to no less than that of the whole.
        self._characters += len(text)
        self._tokens += self._rule.tokens([text])
        judgement = None if self._said else self._rule.over(self._characters, self._tokens)
        self._said = self._said or judgement is not None
        return judgement


def _over(what: str, limit: int) -> Judgement:
    return Judgement(f"more than {limit} {what}", {what.upper(): 1})

"""A rule as it is set: its name, what follows from it, and how it fails."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sensorium.gateway.guardrails.config import RuleConfig
from sensorium.gateway.guardrails.decision import Action, Blocked, Flag, OnFailure, Stage
from sensorium.gateway.guardrails.rule import Finding, TextRule, WholeRule


class BlockedError(Exception):
    """Carries a :class:`Blocked` up to the guard."""

    def __init__(self, blocked: Blocked) -> None:
        super().__init__(blocked.message)
        self.blocked = blocked


@dataclass(frozen=True, slots=True)
class Bound:
    """A rule, of text or of the whole, with its settings."""

    name: str
    config: RuleConfig
    text: TextRule | None = None
    whole: WholeRule | None = None
    restore: bool = False

    @property
    def kind(self) -> str:
        """The kind of its rule."""
        rule = self.text or self.whole
        return rule.kind if rule else ""

    def covers(self, stage: Stage, route: str) -> bool:
        """Whether it looks at this stage of a call of this route."""
        routes = self.config.routes
        return stage in self.config.stages and (not routes or route in routes)


@dataclass(slots=True)
class Look:
    """One rule looks at one request or answer; ``outcome`` is what was decided in the end."""

    bound: Bound
    stage: Stage
    labels: Counter[str] = field(default_factory=Counter)
    outcome: str = "passed"

    def blocked(self, what: str) -> BlockedError:
        """The rule objects."""
        self.outcome = "blocked"
        return BlockedError(
            Blocked(self.bound.name, f"refused by rule {self.bound.name}: {what}", self.stage)
        )

    def failed(self) -> None:
        """The rule could not look: raises where it fails closed."""
        if self.bound.config.on_failure is OnFailure.CLOSED:
            error = self.blocked("it could not be checked")
            self.outcome = "failed_closed"
            raise error
        self.outcome = "failed_open"

    def flag(self) -> Flag | None:
        """What the caller is told; None where nothing was found."""
        if self.outcome == "passed":
            return None
        outcome = "failed" if self.outcome.startswith("failed") else self.outcome
        return Flag(self.bound.name, self.stage, outcome, dict(self.labels))


class Finders:
    """The text rules' looks in the shape that a window wants: a failing rule fails by setting."""

    def __init__(self, look: Look, rule: TextRule) -> None:
        self.look = look
        self.in_units = rule.in_units
        self._rule = rule

    def find(self, text: str, start: int = 0) -> list[Finding]:
        """See ``TextRule``."""
        if self.look.outcome == "failed_open":
            return []
        try:
            return self._rule.find(text, start)
        except Exception:  # noqa: BLE001  whatever went wrong, the rule did not look
            self.look.failed()
            return []

    def open_from(self, text: str) -> int:
        """See ``TextRule``."""
        if self.look.outcome == "failed_open":
            return len(text)
        try:
            return self._rule.open_from(text)
        except Exception:  # noqa: BLE001  whatever went wrong, the rule did not look
            self.look.failed()
            return len(text)

    def note(self, finding: Finding) -> bool:
        """Take down a finding; whether it is to be masked. Raises where it blocks."""
        self.look.labels[finding.label] += 1
        action = self.look.bound.config.action
        if action is Action.BLOCK:
            raise self.look.blocked(f"{finding.label} was found")
        if self.look.outcome == "passed" or action is Action.MASK:
            self.look.outcome = "masked" if action is Action.MASK else "flagged"
        return action is Action.MASK

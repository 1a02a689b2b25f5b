"""All kinds of rules: from their settings to a guard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from sensorium.gateway.conversation import Conversation
from sensorium.gateway.guardrails.allowed_topics import AllowedTopics
from sensorium.gateway.guardrails.bound import Bound
from sensorium.gateway.guardrails.config import GuardrailsConfig, RuleConfig
from sensorium.gateway.guardrails.denied_topics import DeniedTopics
from sensorium.gateway.guardrails.guard import Guard
from sensorium.gateway.guardrails.injection.rule import Injection
from sensorium.gateway.guardrails.length import Length
from sensorium.gateway.guardrails.moderation import Moderation
from sensorium.gateway.guardrails.named_entities.recognisers import Recognisers
from sensorium.gateway.guardrails.named_entities.rule import NamedEntities
from sensorium.gateway.guardrails.personal_data.rule import USUAL, PersonalData
from sensorium.gateway.guardrails.rule import WholeRule
from sensorium.gateway.guardrails.secrets.rule import LABELS, Secrets
from sensorium.gateway.reply import Reply

if TYPE_CHECKING:
    from sensorium.observe import Observe

Estimate = Callable[[str], int]
Ask = Callable[[Conversation], Awaitable[Reply]]

# Goes up when any rule finds something else than before: answers are cached under it.
VERSION: Final = "1"


def make_guard(
    config: GuardrailsConfig,
    observe: Observe,
    *,
    estimate: Estimate | None = None,
    ask: Ask | None = None,
    recognisers: Recognisers | None = None,
) -> Guard:
    """The guard that the settings ask for; raises ``ValueError`` for what no rule knows.

    A rule that cannot work here (its extra or its model is not installed) raises ``UsageError``.

    ``estimate`` says about how many tokens a text has, for rules of length. ``ask`` sends a
    conversation to the model of its name, for moderation: a call that is itself not moderated.
    ``recognisers`` are what rules on named entities ask, the guard's own where none are given.
    """
    version = sha256(f"{VERSION}\n{config!r}".encode()).hexdigest()[:16]
    wholes = tuple(_of_the_whole(config, estimate, ask))
    own = Recognisers()
    try:
        named = tuple(_named(config, recognisers or own, observe))
    except BaseException:
        own.close()
        raise
    return Guard((*_of_text(config), *named, *wholes), observe, version, own.close)


def _of_text(config: GuardrailsConfig) -> Iterator[Bound]:
    for personal in config.personal_data:
        rule = PersonalData(personal.kinds or USUAL)
        yield Bound(_name(personal, rule.kind), personal, text=rule, restore=personal.restore)
    for secret in config.secrets:
        secrets = Secrets(secret.kinds or LABELS)
        yield Bound(_name(secret, secrets.kind), secret, text=secrets, restore=secret.restore)
    for denied in config.denied_topics:
        topics = DeniedTopics(denied.phrases)
        yield Bound(_name(denied, topics.kind), denied, text=topics)


def _named(config: GuardrailsConfig, recognisers: Recognisers, observe: Observe) -> Iterator[Bound]:
    for one in config.named_entities:
        rule = NamedEntities(recognisers.of(one, observe), one.timeout_seconds)
        yield Bound(_name(one, rule.kind), one, text=rule, restore=one.restore)


def _of_the_whole(
    config: GuardrailsConfig, estimate: Estimate | None, ask: Ask | None
) -> Iterator[Bound]:
    # What costs most looks last.
    rules: list[tuple[RuleConfig, WholeRule]] = [
        *((one, Length(one, estimate)) for one in config.length),
        *((one, AllowedTopics(one.phrases)) for one in config.allowed_topics),
        *((one, Injection(one)) for one in config.injection),
        *((one, Moderation(one, ask)) for one in config.moderation),
    ]
    for one, rule in rules:
        yield Bound(_name(one, rule.kind), one, whole=rule)


def _name(config: RuleConfig, kind: str) -> str:
    return config.name or kind.replace("_", "-")

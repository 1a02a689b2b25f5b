"""Settings of the guardrails: a list for each kind of rule, so that routes can have their own."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.component import setting
from sensorium.gateway.guardrails.decision import Action, OnFailure, Stage

_BOTH = (Stage.BEFORE, Stage.AFTER)


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleConfig:
    """What every rule has."""

    name: str = setting(
        "",
        "its name in counters, headers and messages; its kind where none is given",
        pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$|^$",
    )
    action: Action = setting(Action.BLOCK, "block, mask or flag what is found")
    stages: tuple[Stage, ...] = setting(
        _BOTH, "before the call, beside it (the answer waits for the rule), after it", min_length=1
    )
    on_failure: OnFailure = setting(
        OnFailure.CLOSED, "closed: refuse where the rule could not look; open: go on and flag"
    )
    routes: tuple[str, ...] = setting((), "models that it covers; all of them where none is named")

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        if self.action is Action.MASK and Stage.BESIDE in self.stages:
            raise ValueError("what runs beside the call cannot mask: the request has gone out")


@dataclass(frozen=True, kw_only=True, slots=True)
class _WholeRuleConfig(RuleConfig):
    def __post_init__(self) -> None:
        if self.action is Action.MASK:
            raise ValueError("a rule of the whole text has nothing to mask: block or flag")


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonalDataConfig(RuleConfig):
    """Personal data by its form and check digits."""

    action: Action = setting(Action.MASK, "block, mask or flag what is found")
    kinds: tuple[str, ...] = setting(
        (),
        "kinds that are looked for, of EMAIL, PHONE, CARD, IBAN, US_SSN, DE_TAX_ID, GB_NHS,"
        " ES_DNI, ES_NIE, FR_NIR, NL_BSN, BR_CPF, IP, MAC; all but IP and MAC where none is named",
    )
    restore: bool = setting(True, "put what was masked in the request back into the answer")


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretsConfig(RuleConfig):
    """Credentials and private keys."""

    kinds: tuple[str, ...] = setting((), "kinds that are looked for; all where none is named")
    restore: bool = setting(True, "put what was masked in the request back into the answer")


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedEntitiesConfig(RuleConfig):
    """Names, places and organisations, by Presidio and a spaCy model (extra ``presidio``)."""

    action: Action = setting(Action.MASK, "block, mask or flag what is found")
    entities: tuple[str, ...] = setting(
        ("PERSON", "LOCATION", "NRP"),
        "what is looked for, as Presidio calls it: also ORGANIZATION, DATE_TIME and what else the"
        " model has; what has a form of its own is better looked for as personal_data",
        min_length=1,
    )
    model: str = setting(
        "", "an installed spaCy model such as en_core_web_lg, or the folder of one; none: no names"
    )
    language: str = setting("en", "the language of the model", pattern=r"^[a-z]{2,3}$")
    threshold: float = setting(
        0.5, "score from which it counts; what a spaCy model finds has 0.85, always", ge=0, le=1
    )
    processes: int = setting(
        1, "processes that look, each with the model in its memory", ge=1, le=64
    )
    timeout_seconds: float = setting(
        10.0, "how long a look is waited for, the wait for a free process included", gt=0, le=600
    )
    restore: bool = setting(True, "put what was masked in the request back into the answer")


@dataclass(frozen=True, kw_only=True, slots=True)
class InjectionConfig(_WholeRuleConfig):
    """Attempts to give a model other instructions than its own."""

    stages: tuple[Stage, ...] = setting(
        (Stage.BEFORE,),
        "before the call, beside it (the answer waits for the rule), after it",
        min_length=1,
    )
    threshold: float = setting(1.0, "sum of the signals' weights from which it objects", gt=0)
    tool_result_weight: float = setting(
        1.5, "factor for what stands in results of tools, which no user wrote", ge=1
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class DeniedTopicsConfig(RuleConfig):
    """Words and phrases that must not occur."""

    phrases: tuple[str, ...] = setting((), "words or phrases, in any case, accent and spacing")


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowedTopicsConfig(_WholeRuleConfig):
    """Words and phrases of which the user's last message must hold one."""

    stages: tuple[Stage, ...] = setting(
        (Stage.BEFORE,),
        "before the call, beside it (the answer waits for the rule), after it",
        min_length=1,
    )
    phrases: tuple[str, ...] = setting((), "words or phrases, in any case, accent and spacing")


@dataclass(frozen=True, kw_only=True, slots=True)
class LengthConfig(_WholeRuleConfig):
    """How long a request or an answer may be; 0 stands for no limit."""

    characters: int = setting(0, "characters of all its texts together", ge=0)
    tokens: int = setting(0, "tokens of all its texts together, as estimated", ge=0)
    messages: int = setting(0, "messages of a request", ge=0)
    tools: int = setting(0, "tools of a request", ge=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class ModerationConfig(_WholeRuleConfig):
    """Another model says whether it is safe."""

    stages: tuple[Stage, ...] = setting(
        (Stage.BESIDE,),
        "before the call, beside it (the answer waits for the rule), after it",
        min_length=1,
    )
    route: str = setting("", "the model that is asked")
    policy: str = setting(
        "violence, hate, harassment, sexual content, self-harm, crime", "what is not safe"
    )
    timeout_seconds: float = setting(10.0, "how long its answer is waited for", gt=0, le=600)
    characters: int = setting(
        20_000, "how much is shown to it; a longer text counts as one it could not look at", ge=100
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class GuardrailsConfig:
    """Rules on what is asked and answered. An empty list turns a kind of rule off."""

    personal_data: tuple[PersonalDataConfig, ...] = setting((), "personal data")
    secrets: tuple[SecretsConfig, ...] = setting((), "credentials and private keys")
    named_entities: tuple[NamedEntitiesConfig, ...] = setting(
        (), "names, places and organisations; needs the extra `presidio`"
    )
    injection: tuple[InjectionConfig, ...] = setting((), "prompt injection")
    denied_topics: tuple[DeniedTopicsConfig, ...] = setting((), "phrases that must not occur")
    allowed_topics: tuple[AllowedTopicsConfig, ...] = setting((), "phrases that must occur")
    length: tuple[LengthConfig, ...] = setting((), "how long a text may be")
    moderation: tuple[ModerationConfig, ...] = setting((), "moderation by a model")

"""Settings of models: which deployments stand behind a name, and what happens when one fails."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sensorium.component import setting
from sensorium.gateway.failure import FailureKind

NAME = r"^[\w./:@+-]{1,200}$"


class Strategy(StrEnum):
    """How a deployment is chosen among those that are well."""

    WEIGHTED = "weighted"
    LEAST_BUSY = "least_busy"
    LOWEST_LATENCY = "lowest_latency"
    LOWEST_COST = "lowest_cost"


class Task(StrEnum):
    """What a caller may declare a call to be for."""

    SUMMARISE = "summarise"
    EXTRACT = "extract"
    PLAN = "plan"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentConfig:
    """One model at one provider."""

    provider: str = setting("", "name of an entry of providers", pattern=NAME)
    model: str = setting("", "the provider's own name of the model", pattern=NAME)
    name: str = setting("", "what logs and headers call it; empty: provider/model")
    weight: float = setting(1.0, "share of the calls, for weighted; 0 for spare", ge=0)
    price_as: str = setting("", "price it as this model of the price list; empty: as its own name")
    allow_unknown_price: bool = setting(
        False, "call it although its price is not known; its calls are recorded without a cost"
    )
    max_output_tokens: int = setting(
        0, "most tokens of an answer, sent where the caller says none; 0: the model's own", ge=0
    )
    max_concurrent: int = setting(0, "calls at once; more go elsewhere; 0: no limit", ge=0)
    check_every_s: float = setting(
        0.0, "seconds between questions that cost nothing, to know it is well; 0: none", ge=0
    )

    @property
    def label(self) -> str:
        """Its name, given or made."""
        return self.name or f"{self.provider}/{self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackConfig:
    """Where calls go when every deployment of a model failed in one of these ways."""

    on: tuple[FailureKind, ...] = setting(
        (
            FailureKind.RATE_LIMITED,
            FailureKind.OVERLOADED,
            FailureKind.TIMEOUT,
            FailureKind.UNREACHABLE,
            FailureKind.SERVER_ERROR,
        ),
        "kinds of failure",
    )
    to: tuple[str, ...] = setting((), "names of other models, tried in this order")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """A model that callers ask for by name."""

    name: str = setting("", "what callers write as model", pattern=NAME)
    deployments: tuple[DeploymentConfig, ...] = setting((), "what stands behind the name")
    strategy: Strategy = setting(Strategy.WEIGHTED, "how a deployment is chosen")
    fallbacks: tuple[FallbackConfig, ...] = setting((), "where to go when all of them fail")
    attempts: int = setting(3, "calls to providers for one call of a caller, at most", ge=1, le=20)
    deadline_s: float = setting(
        600.0, "seconds for everything, retries and fallbacks among it", gt=0, le=7200
    )
    first_byte_s: float = setting(
        60.0, "seconds until a provider must begin to answer a stream", gt=0, le=7200
    )

    def __post_init__(self) -> None:
        if not self.deployments:
            raise ValueError(f"the model {self.name!r} has no deployments")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskConfig:
    """Where calls of one declared task go."""

    task: Task = setting(Task.SUMMARISE, "what the caller declares in x-sensorium-task")
    model: str = setting("", "name of an entry of models", pattern=NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchConfig:
    """A name that stands for several models: by declared task, else by estimated difficulty."""

    name: str = setting("", "what callers write as model", pattern=NAME)
    tasks: tuple[TaskConfig, ...] = setting((), "models by declared task")
    normal: str = setting("", "model of calls that look easy", pattern=NAME)
    complex: str = setting("", "model of calls that look hard", pattern=NAME)
    threshold: float = setting(
        0.5, "estimated difficulty, from 0 to 1, from which a call counts as hard", ge=0, le=1
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CooldownConfig:
    """When a deployment that fails is left alone, and for how long."""

    failures: int = setting(3, "failures of one kind in a row before it is left alone", ge=1)
    window_s: float = setting(60.0, "seconds in which they count as in a row", gt=0)
    first_s: float = setting(5.0, "seconds it is left alone the first time", gt=0)
    longest_s: float = setting(300.0, "seconds it is left alone at most; each time doubles", gt=0)

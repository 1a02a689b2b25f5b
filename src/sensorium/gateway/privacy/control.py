"""What the check asks of an account, and how the answers are read.

The shapes are those of AWS's own API models: ``GetCallerIdentity`` (STS),
``GetAccountDataRetention``, ``GetModelInvocationLoggingConfiguration``, ``GetInferenceProfile`` and
``GetFoundationModel`` (Amazon Bedrock API Reference).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Protocol

from sensorium.gateway.failure import CallFailedError, FailureKind
from sensorium.gateway.privacy.facts import Account, Reach


class Control(Protocol):
    """Read-only questions to one account in one Region. Failures are ``CallFailedError``."""

    async def caller(self) -> tuple[str, str]:
        """The account that the gateway's keys belong to, and their ARN."""

    async def data_retention(self) -> Mapping[str, Any]:
        """``GetAccountDataRetention``."""

    async def invocation_logging(self) -> Mapping[str, Any]:
        """``GetModelInvocationLoggingConfiguration``."""

    async def inference_profile(self, profile: str) -> Mapping[str, Any]:
        """``GetInferenceProfile``."""

    async def foundation_model(self, model: str) -> Mapping[str, Any]:
        """``GetFoundationModel``."""


class UnknownError(Exception):
    """An account's answer leaves something open; the message says what."""


# First words of ids of system-defined inference profiles; an id that begins so is never taken for
# a model by itself.
_GEOGRAPHIES: Final = frozenset("us us-gov eu apac ap jp au ca in me sa af uk global".split())
_ARN = re.compile(
    r"arn:aws[a-z-]*:bedrock:(?P<region>[a-z0-9-]*):(?P<account>[0-9]*):(?P<kind>[a-z-]+)/(?P<id>.+)"
)
_NOT_A_PROFILE: Final = frozenset({FailureKind.NOT_FOUND, FailureKind.BAD_REQUEST})


async def account_of(control: Control) -> Account:
    """The account's own settings; raises ``UnknownError`` or ``CallFailedError``."""
    number, arn = await control.caller()
    retention = (await control.data_retention()).get("mode")
    if not isinstance(retention, str) or not retention:
        raise UnknownError("it did not say its mode of data retention")
    logging = await control.invocation_logging()
    return Account(number, arn, retention, logs=bool(logging.get("loggingConfig")))


async def reach_of(control: Control, model: str, region: str) -> Reach:
    """Where a model leads; raises ``UnknownError`` or ``CallFailedError``."""
    arn = _ARN.fullmatch(model)
    if arn is not None and "inference-profile" not in arn["kind"]:
        # A model of AWS's, or the account's own; it runs where its ARN says.
        return Reach((arn["region"],), account=arn["account"])
    try:
        profile = await control.inference_profile(model)
    except CallFailedError as error:
        if error.failure.kind not in _NOT_A_PROFILE or arn is not None:
            raise
        if model.partition(".")[0] in _GEOGRAPHIES:
            raise UnknownError(f"it knows no inference profile {model}") from error
        return await _model_by_itself(control, model, region)
    return _reach(profile, arn["account"] if arn else "")


async def _model_by_itself(control: Control, model: str, region: str) -> Reach:
    details = (await control.foundation_model(model)).get("modelDetails")
    if not isinstance(details, Mapping) or details.get("modelId") != model:
        raise UnknownError(f"it knows no model {model}")
    return Reach((region,))


def _reach(profile: Mapping[str, Any], account: str) -> Reach:
    models = profile.get("models")
    if profile.get("status") != "ACTIVE" or not isinstance(models, list) or not models:
        raise UnknownError("the inference profile is not active, or names no models")
    regions = set()
    for one in models:
        arn = _ARN.fullmatch(one.get("modelArn", "")) if isinstance(one, Mapping) else None
        if arn is None:
            raise UnknownError("the inference profile names what is no model of Bedrock's")
        regions.add(arn["region"])
    return Reach(
        tuple(sorted(regions)),
        str(profile.get("inferenceProfileId", "")),
        str(profile.get("type", "")),
        account,
    )

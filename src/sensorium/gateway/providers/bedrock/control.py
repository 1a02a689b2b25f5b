"""What an account's own settings say about its use of Bedrock: read-only, signed requests.

For checks of privacy policies. Source: Amazon Bedrock API Reference, "Amazon Bedrock" (the control
plane), and AWS's STS API Reference. Every answer is AWS's JSON as it came.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import orjson

from sensorium.gateway.failure import CallFailedError, Failure, FailureKind
from sensorium.gateway.providers.bedrock.authorization import Authorization
from sensorium.gateway.providers.bedrock.endpoints import checked_region, endpoint, label
from sensorium.gateway.providers.bedrock.sigv4 import Signer
from sensorium.gateway.providers.bedrock.sts import caller_account, sts_session
from sensorium.gateway.providers.config import ProviderConfig
from sensorium.gateway.providers.deps import ProviderDeps
from sensorium.gateway.providers.failures import bad_answer
from sensorium.gateway.providers.http import HttpAnswer, Request
from sensorium.gateway.providers.http.request import HeaderValue

_TIMEOUT_S: Final = 10.0
_KINDS: Final = {
    400: FailureKind.BAD_REQUEST,
    401: FailureKind.UNAUTHENTICATED,
    403: FailureKind.UNAUTHENTICATED,
    404: FailureKind.NOT_FOUND,
    429: FailureKind.RATE_LIMITED,
    503: FailureKind.OVERLOADED,
}


class BedrockControl:
    """The control plane of one account and Region.

    ``base_url`` is that of the control plane's own VPC endpoint, empty for AWS's public one; the
    runtime's ``base_url`` in ``config`` is not used.
    """

    def __init__(self, config: ProviderConfig, deps: ProviderDeps, *, base_url: str = "") -> None:
        self._region = checked_region(config.region)
        named = dataclasses.replace(config, name=f"{config.name}-control"[:100])
        given = base_url or deps.environment.get("AWS_ENDPOINT_URL_BEDROCK", "")
        self._session, self._origin = deps.session(
            named, given or endpoint("bedrock", self._region)
        )
        self._authorization = Authorization(config.credential, self._region, deps)
        self._sts, self._sts_authority = sts_session(named, self._region, deps)
        self._sts_signer = Signer(self._region, "sts")
        self._clock = deps.clock

    async def invocation_logging(self) -> dict[str, Any]:
        """``GetModelInvocationLoggingConfiguration``; no ``loggingConfig`` where it is off."""
        return await self._get("/logging/modelinvocations")

    async def data_retention(self) -> dict[str, Any]:
        """``GetAccountDataRetention``; ``mode`` is ``default``, ``none``, ``aws_review``,
        ``provider_data_share`` or ``inherit``."""
        return await self._get("/data-retention")

    async def inference_profile(self, profile: str) -> dict[str, Any]:
        """``GetInferenceProfile``: the models, and thereby the Regions, that it may use."""
        return await self._get(f"/inference-profiles/{label(profile)}")

    async def inference_profiles(
        self, *, limit: int = 1000, timeout_s: float = _TIMEOUT_S
    ) -> dict[str, Any]:
        """``ListInferenceProfiles``, its first page."""
        return await self._get(f"/inference-profiles?maxResults={limit}", timeout_s)

    async def foundation_model(self, model: str) -> dict[str, Any]:
        """``GetFoundationModel``."""
        return await self._get(f"/foundation-models/{label(model)}")

    async def caller(self) -> tuple[str, str]:
        """``GetCallerIdentity``: the account that the keys belong to, and their ARN."""
        keys = await self._authorization.keys()
        return await caller_account(
            self._sts, self._sts_authority, self._sts_signer, keys, self._clock()
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._authorization.close()
        await self._session.close()
        await self._sts.close()

    async def _get(self, path: str, timeout_s: float = _TIMEOUT_S) -> dict[str, Any]:
        target = self._origin.path + path
        headers: list[tuple[str, HeaderValue]] = [("Accept", "application/json")]
        added = await self._authorization.headers(
            "GET", target, self._origin.authority, headers, b""
        )
        answer = await self._session.send(
            Request("GET", target, (*headers, *added)), first_byte_s=timeout_s, timeout_s=timeout_s
        )
        try:
            if answer.status != 200:
                raise _failure(answer)
            found = orjson.loads(await answer.body())
        except orjson.JSONDecodeError:
            raise bad_answer("AWS's answer is not JSON", "json", answer.status) from None
        finally:
            await answer.aclose()
        if not isinstance(found, dict):
            raise bad_answer("AWS's answer is not an object", "json", answer.status)
        return found


def _failure(answer: HttpAnswer) -> CallFailedError:
    """By status and AWS's name of the error; its message may quote what was asked."""
    code = answer.headers.get("x-amzn-errortype", "").partition(":")[0][:80]
    status = answer.status
    kind = _KINDS.get(status, FailureKind.SERVER_ERROR if status >= 500 else FailureKind.PROTOCOL)
    message = f"AWS's control plane answered with status {status}"
    return CallFailedError(Failure(kind, message, status=status, code=code))

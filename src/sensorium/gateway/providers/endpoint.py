"""What all providers over HTTP share: from a call to a request, and from an answer to a failure."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable, Mapping
from email.utils import formatdate
from typing import Any, Final

import orjson

from sensorium.gateway.dialect import Dialect
from sensorium.gateway.failure import CallFailedError, Failure, FailureKind
from sensorium.gateway.provider import Call, ProviderAnswer
from sensorium.gateway.providers.config import ProviderConfig
from sensorium.gateway.providers.failures import bad_answer, bad_request
from sensorium.gateway.providers.http import HttpAnswer, Request, Session
from sensorium.gateway.providers.http.request import HeaderValue

_ERROR_BYTES: Final = 64 * 1024
# The rest of an error is not worth more of the time that a retry could use.
_ERROR_S: Final = 2.0
# What of a provider's head is of use to a caller. Cookies, addresses and versions are not.
_PASSED: Final = frozenset(
    "content-type date retry-after retry-after-ms request-id x-request-id apim-request-id "
    "x-amzn-requestid x-amzn-bedrock-input-token-count x-amzn-bedrock-output-token-count "
    "x-amzn-bedrock-cache-read-input-token-count x-amzn-bedrock-cache-write-input-token-count "
    "x-amzn-errortype openai-processing-ms openai-version".split()
)
_PASSED_PREFIXES: Final = ("x-ratelimit-", "anthropic-ratelimit-")


class Answer:
    """A good answer: the transport's, with the headers that are passed on."""

    def __init__(self, answer: HttpAnswer) -> None:
        self._answer = answer
        self._headers: dict[str, str] | None = None

    @property
    def status(self) -> int:
        """2xx."""
        return self._answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Lower-case names, those only that are passed on."""
        if self._headers is None:
            self._headers = passed(self._answer.headers)
        return self._headers

    async def body(self) -> bytes:
        """The whole body."""
        return await self._answer.body()

    def chunks(self) -> AsyncIterator[bytes]:
        """Bytes as they come."""
        return self._answer.chunks()

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._answer.aclose()


class HttpProvider:
    """One endpoint over HTTP. A member says where a call goes and with which credential.

    ``forwarded`` are the headers of a call that go on to the provider, in lower case; all others
    stay behind.
    """

    stream_type = "text/event-stream"

    def __init__(
        self,
        config: ProviderConfig,
        dialect: Dialect,
        session: Session,
        clock: Callable[[], float],
        *,
        forwarded: frozenset[str] = frozenset(),
    ) -> None:
        self._config = config
        self._dialect = dialect
        self._session = session
        self._clock = clock
        self._forwarded = forwarded
        self._fixed = tuple((header.name, header.value) for header in config.headers)

    @property
    def kind(self) -> str:
        """As in the settings."""
        return self._config.kind.value

    @property
    def dialect(self) -> Dialect:
        """How it is spoken to."""
        return self._dialect

    async def send(self, call: Call) -> ProviderAnswer:
        """Send it once; raises ``CallFailedError``."""
        return Answer(await self._good(await self._request(call), call))

    async def _request(self, call: Call) -> Request:
        """The request for a call; raises ``CallFailedError``."""
        raise NotImplementedError

    def _probe(self) -> Request:
        """A question that costs nothing."""
        raise NotImplementedError

    async def probe(self, timeout_s: float) -> None:
        """Ask it something that costs nothing; raises ``CallFailedError``."""
        request = self._probe()
        answer = await self._session.send(request, first_byte_s=timeout_s, timeout_s=timeout_s)
        try:
            if not 200 <= answer.status < 300:
                raise await self._failure(answer, request)
            await answer.body()
        finally:
            await answer.aclose()

    async def close(self) -> None:
        """Close its connections."""
        await self._session.close()

    # --- for members ----------------------------------------------------------------------------

    def _headers(
        self, call: Call, *credential: tuple[str, HeaderValue]
    ) -> list[tuple[str, HeaderValue]]:
        """The headers of a call: its own, as far as they are let through, and the settings'."""
        headers: list[tuple[str, HeaderValue]] = [
            ("Content-Type", "application/json"),
            ("Accept", self.stream_type if call.stream else "application/json"),
            *credential,
            *self._fixed,
        ]
        for name, value in call.headers.items():
            if name.lower() in self._forwarded:
                headers.append((name.lower(), value))
        return headers

    async def _good(self, request: Request, call: Call) -> HttpAnswer:
        answer = await self._session.send(
            request, first_byte_s=call.first_byte_s, timeout_s=call.timeout_s
        )
        try:
            if not 200 <= answer.status < 300:
                raise await self._failure(answer, request)
            self._check_type(answer, call.stream)
        except BaseException:
            await answer.aclose()
            raise
        return answer

    def _check_type(self, answer: HttpAnswer, stream: bool) -> None:
        """A portal's page with status 200 is no answer of a model."""
        found = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        wanted = self.stream_type if stream else "application/json"
        if found and found != wanted:
            what = "a stream" if stream else "JSON"
            raise bad_answer(f"the provider's answer is not {what}", "content_type", answer.status)

    async def _failure(self, answer: HttpAnswer, request: Request) -> CallFailedError:
        status = answer.status
        if 300 <= status < 400:
            return bad_answer(
                "the provider answered with a redirect, which is not followed", "redirect", status
            )
        body = await answer.beginning(_ERROR_BYTES, within_s=_ERROR_S)
        headers = passed(answer.headers)
        # Dialects read no clock, and count a date of Retry-After from the answer's own.
        headers.setdefault("date", formatdate(self._clock(), usegmt=True))
        failure = self._dialect.parse_error(status, headers, body)
        return CallFailedError(_safe(failure, request))


def _safe(failure: Failure, request: Request) -> Failure:
    """The failure without the credential, should the provider have repeated it."""
    message = request.redacted(failure.message)
    if failure.kind is FailureKind.UNAUTHENTICATED:
        # Providers repeat a part of the key here.
        message = "the provider refused the gateway's credential"
    return dataclasses.replace(failure, message=message, code=request.redacted(failure.code))


def passed(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an answer that may go on to a caller."""
    return {
        name: value
        for name, value in headers.items()
        if name in _PASSED or name.startswith(_PASSED_PREFIXES)
    }


def encoded(body: Mapping[str, Any]) -> bytes:
    """A call's body as JSON; raises ``CallFailedError`` (BAD_REQUEST) for what JSON cannot say."""
    try:
        return orjson.dumps(body if type(body) is dict else dict(body))
    except TypeError:  # what orjson raises, text that is not UTF-8 included; it quotes nothing
        raise bad_request("the request's body cannot be written as JSON", "json") from None

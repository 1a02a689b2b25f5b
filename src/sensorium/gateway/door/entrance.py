"""Who is calling, and what they sent: what every handler of a model call begins with."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import orjson

from sensorium.gateway.access.roles import Route, reach_on
from sensorium.gateway.calls.rejection import RejectedError
from sensorium.gateway.dialect import BadRequestError

if TYPE_CHECKING:
    from sensorium.gateway.access import Access, Caller
    from sensorium.gateway.door.door import Request

# What may go on to a provider of the same kind; the provider lets through what it knows.
_FORWARDED: Final = (
    b"anthropic-beta",
    b"anthropic-version",
    b"openai-beta",
    b"openai-organization",
    b"openai-project",
    b"x-client-request-id",
)


class Entrance:
    """Authenticates, and reads bodies."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def caller(self, request: Request, route: Route = Route.CALL) -> Caller:
        """Whoever the credential belongs to; ``RejectedError`` (401) where it is nobody's.

        403 where their role may not use this route at all.
        """
        bearer = request.bearer
        caller = await self._access.authenticate(bearer, time.time()) if bearer else None
        if caller is None:
            what = "is not known, or no longer valid" if bearer else "is missing"
            raise RejectedError(
                401,
                "invalid_api_key",
                f"The key of the gateway {what}; send it as `Authorization: Bearer ...`.",
                should_retry=False,
            )
        if not reach_on(caller.roles, route):
            what = route.value.replace("_", " ")
            message = f"The role of this key may not {what}."
            raise RejectedError(403, "role_denied", message, should_retry=False)
        return caller

    @staticmethod
    async def json(request: Request) -> dict[str, Any]:
        """The body as a JSON object; ``RejectedError`` (400) for anything else."""
        data = await request.body()
        try:
            found = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise RejectedError(
                400, "invalid_json", f"The body is not JSON: {_where(data, error)}."
            ) from None
        if not isinstance(found, dict):
            raise RejectedError(400, "invalid_json", "The body is not a JSON object.")
        return found


def forwarded(request: Request) -> dict[str, str]:
    """The caller's headers that a provider may get."""
    headers = request.headers
    return {name.decode(): request.header(name) for name in _FORWARDED if name in headers}


def refused(error: BadRequestError) -> RejectedError:
    """A body that is not what its dialect says."""
    return RejectedError(
        400, "invalid_request", error.message, param=error.param, should_retry=False
    )


def _where(data: bytes, error: orjson.JSONDecodeError) -> str:
    """What is wrong and where, without a word of the body."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as broken:
        return f"invalid UTF-8 at byte {broken.start}"
    return f"{error.msg.partition(':')[0]} at line {error.lineno} column {error.colno}"

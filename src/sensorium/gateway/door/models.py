"""``GET /v1/models`` and ``/v1/models/NAME``: the names that a caller may write as a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from sensorium.gateway.calls.rejection import unknown_model
from sensorium.gateway.door.door import A_MODEL

if TYPE_CHECKING:
    from sensorium.gateway.calls.gateway import Gateway
    from sensorium.gateway.door.door import Request
    from sensorium.gateway.door.entrance import Entrance


class Models:
    """OpenAI's shape, or Anthropic's where the caller names its version."""

    def __init__(self, gateway: Gateway, entrance: Entrance) -> None:
        self._gateway = gateway
        self._entrance = entrance

    async def __call__(self, request: Request) -> None:
        """Answer the list."""
        names = self._gateway.models(await self._entrance.caller(request))
        found = [_shown(request, name) for name in names]
        body: dict[str, Any]
        if _is_anthropics(request):
            body = {
                "data": found,
                "has_more": False,
                "first_id": names[0] if names else None,
                "last_id": names[-1] if names else None,
            }
        else:
            body = {"object": "list", "data": found}
        await request.answer(200, orjson.dumps(body))

    async def one(self, request: Request) -> None:
        """Answer a single one; 404 where there is none, or none that is the caller's."""
        names = self._gateway.models(await self._entrance.caller(request))
        name = request.path.removeprefix(A_MODEL)
        if name not in names:
            raise unknown_model(name)
        await request.answer(200, orjson.dumps(_shown(request, name)))


def _is_anthropics(request: Request) -> bool:
    return b"anthropic-version" in request.headers


def _shown(request: Request, name: str) -> dict[str, Any]:
    if _is_anthropics(request):
        made = "1970-01-01T00:00:00Z"  # the field must be there, and nobody knows
        return {"type": "model", "id": name, "display_name": name, "created_at": made}
    return {"id": name, "object": "model", "created": 0, "owned_by": "sensorium"}

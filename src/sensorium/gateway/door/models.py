"""``GET /v1/models``: the names that a caller may write as a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

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
        found: list[dict[str, Any]]
        if b"anthropic-version" in request.headers:
            found = [
                {
                    "type": "model",
                    "id": name,
                    "display_name": name,
                    "created_at": "1970-01-01T00:00:00Z",
                }
                for name in names
            ]
            body: dict[str, Any] = {
                "data": found,
                "has_more": False,
                "first_id": names[0] if names else None,
                "last_id": names[-1] if names else None,
            }
        else:
            found = [
                {"id": name, "object": "model", "created": 0, "owned_by": "sensorium"}
                for name in names
            ]
            body = {"object": "list", "data": found}
        await request.answer(200, orjson.dumps(body))

"""Ask a running service over its HTTP API, as the command line does while it owns the store."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import httpx

from sensorium.errors import SensoriumError, UsageError

_STOPPED: Final = "look at its log; once it has stopped, this command reads the files"


class Service:
    """A running service's JSON API. Paths are below ``/api/v1``.

    ``unanswered`` is what to do next where it does not answer.
    """

    def __init__(
        self, url: str, token: str = "", *, timeout_s: float = 30.0, unanswered: str = _STOPPED
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._url = url.rstrip("/")
        self._unanswered = unanswered
        # The service is on this machine or named in the settings: no proxy from the environment.
        self._client = httpx.Client(
            base_url=f"{self._url}/api/v1", headers=headers, timeout=timeout_s, trust_env=False
        )

    def get(self, path: str, **query: Any) -> Any:
        """The JSON that ``path`` answers."""
        return self._ask("GET", path, params=query).json()

    def text(self, path: str) -> str:
        """The text that ``path`` answers, such as a brief's Markdown."""
        return self._ask("GET", path).text

    def content(self, path: str, **query: Any) -> bytes:
        """The bytes that ``path`` answers."""
        return self._ask("GET", path, params=query).content

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Send ``body`` as JSON; the JSON that comes back."""
        return self._ask("POST", path, json=body).json()

    def _ask(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            response = self._client.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise SensoriumError(
                f"the service at {self._url} does not answer: {error}",
                unaffected="nothing was changed",
                next_step=self._unanswered,
            ) from error
        if response.is_success:
            return response
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            raise UsageError(
                f"the service at {self._url} wants a token",
                unaffected="nothing was changed",
                next_step="give its settings with -c, or set SENSORIUM__CONSOLE__TOKEN",
            )
        said, _, next_step = _detail(response).partition("\n")
        raise UsageError(said, next_step=next_step)


def _detail(response: httpx.Response) -> str:
    try:
        detail = response.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = response.text.strip()[:200] or response.reason_phrase
    return str(detail)

"""The ASGI application: which path is answered by whom, and errors for all of them.

Paths are matched whole, from a table (but for a model's name at the end of one); neither the Host
header nor anything else of a request takes part in it, and no URL that is called depends on one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final

from sensorium.gateway.calls.rejection import RejectedError
from sensorium.gateway.door.errors import error_body, error_headers
from sensorium.gateway.door.exchange import Exchange, LeftError, Receive, Scope, Send
from sensorium.gateway.door.unparsed import ANTHROPIC_ROUTES

if TYPE_CHECKING:
    from sensorium.gateway.dialect import Dialect
    from sensorium.gateway.door.config import DoorConfig
    from sensorium.observe import Observe

# The one path whose rest is a name: of a model, which may hold slashes.
A_MODEL: Final = "/v1/models/"


class Request(Exchange):
    """An exchange with what every handler needs: its id and when it began."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: DoorConfig, id_: str):
        super().__init__(scope, receive, send, limits)
        self.id = id_
        self.started = time.monotonic()


Handler = Callable[[Request], Awaitable[None]]


class Door:
    """The application. ``routes`` maps paths to methods to handlers."""

    def __init__(
        self,
        routes: Mapping[str, Mapping[str, Handler]],
        dialects: Mapping[str, Dialect],
        config: DoorConfig,
        observe: Observe,
        new_id: Callable[[], str],
    ) -> None:
        self._routes = routes
        self._dialects = dialects
        self._config = config
        self._new_id = new_id
        self._log = observe.logger("gateway")
        self._rejected = observe.counter(
            "sensorium_gateway_requests_refused",
            "Requests that were answered with an error by the gateway, by status and code",
            ("status", "code"),
        )
        self._left = observe.counter(
            "sensorium_gateway_callers_left", "Callers that closed the connection before the end"
        )
        self._broken = observe.counter(
            "sensorium_gateway_internal_errors", "Requests that failed by a fault of the gateway"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; never raises."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive, send, self._config, self._new_id())
        task = asyncio.current_task()
        unwatch = request.watch(task.cancel) if task is not None else lambda: None
        try:
            await self._handled(request)
        except (asyncio.CancelledError, LeftError):
            # Nobody is left to be answered; the call has settled what it used.
            self._left.inc()
        finally:
            unwatch()

    async def _handled(self, request: Request) -> None:
        try:
            await self._handler(request)(request)
        except RejectedError as error:
            await self._refuse(request, error)
        except LeftError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever broke, the caller gets an answer
            self._broken.inc()
            # The text of an error could quote what was asked; its kind and place cannot.
            self._log.error(
                "internal error", request_id=request.id, error=type(error).__name__, at=place(error)
            )
            if not request.status:
                message = f"The gateway failed; its log knows more under {request.id}."
                await self._refuse(request, RejectedError(500, "internal_error", message))

    def _handler(self, request: Request) -> Handler:
        methods = self._routes.get(request.path)
        if methods is None and request.path.startswith(A_MODEL):
            methods = self._routes.get(A_MODEL)
        if methods is None:
            raise RejectedError(404, "unknown_url", "There is nothing at this path.")
        handler = methods.get(request.method)
        if handler is None:
            allowed = ", ".join(sorted(methods))
            raise RejectedError(405, "method_not_allowed", f"Use {allowed} here.")
        return handler

    async def _refuse(self, request: Request, error: RejectedError) -> None:
        self._rejected.labels(str(error.status), error.code).inc()
        if request.status:
            return
        body = error_body(error, self._dialects[_dialect(request)])
        headers = error_headers(error, time.monotonic(), request.id)
        await request.answer(error.status, body, headers)


def _dialect(request: Request) -> str:
    """The dialect that a caller reads errors in."""
    path = request.path
    if path.startswith("/v1/models"):
        return "anthropic" if b"anthropic-version" in request.headers else "openai_chat"
    return "anthropic" if path.startswith(ANTHROPIC_ROUTES) else "openai_chat"


def place(error: BaseException) -> str:
    """Where an error was raised, as ``file:line``."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"

"""Sends requests to one origin.

Written on ``httptools`` and ``asyncio``, since a request costs about half of the processor time
that it costs with aiohttp's client (``benchmarks/gateway_upstream.py``), and since the address that
was judged must be the one that is connected to. It follows no redirect, keeps no cookies, reads no
proxy from the environment, and sends a request once: a broken connection is the router's to judge.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from sensorium.errors import UsageError
from sensorium.gateway.failure import CallFailedError
from sensorium.gateway.providers.destinations import Destinations
from sensorium.gateway.providers.http.answer import HttpAnswer
from sensorium.gateway.providers.http.exchange import Exchange
from sensorium.gateway.providers.http.pool import Pool, PoolLimits
from sensorium.gateway.providers.http.request import Request
from sensorium.observe import Observe


class Session:
    """One origin, one pool. ``name`` labels its metrics; belongs to one event loop."""

    def __init__(
        self,
        name: str,
        destinations: Destinations,
        observe: Observe,
        *,
        limits: PoolLimits | None = None,
        max_answer_bytes: int = 64 * 1024 * 1024,
        ca_file: str = "",
    ) -> None:
        self._authority = destinations.origin.authority
        self._max_answer_bytes = max_answer_bytes
        tls = tls_context(ca_file) if destinations.origin.tls else None
        opened = observe.counter(
            "sensorium_gateway_upstream_connections",
            "Connections opened to providers, or why one was not, by provider and outcome",
            ("provider", "outcome"),
        )
        self._failed = observe.counter(
            "sensorium_gateway_upstream_failures",
            "Requests to providers that got no usable answer, by provider and reason",
            ("provider", "reason"),
        )
        self._name = name
        self.pool = Pool(
            destinations,
            tls,
            limits or PoolLimits(),
            lambda outcome: opened.labels(name, outcome).inc(),
        )

    async def send(self, request: Request, *, first_byte_s: float, timeout_s: float) -> HttpAnswer:
        """Send it once and wait for the answer's head; raises ``CallFailedError``.

        ``timeout_s`` counts from now and covers waiting for a connection; ``first_byte_s`` counts
        from when the request is written.
        """
        try:
            return await self._sent(request, first_byte_s, timeout_s)
        except CallFailedError as error:
            self._failed.labels(self._name, error.failure.code or error.failure.kind.value).inc()
            raise

    async def _sent(self, request: Request, first_byte_s: float, timeout_s: float) -> HttpAnswer:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        connection = await self.pool.take(deadline)
        exchange = Exchange(
            connection,
            loop,
            first_byte_s=first_byte_s,
            deadline=deadline,
            limit=self._max_answer_bytes,
        )
        try:
            connection.start(exchange, request.head(self._authority), request.body)
            await exchange.head()
        except BaseException:
            exchange.cancel()
            raise
        return HttpAnswer(exchange)

    async def close(self) -> None:
        """Close its connections."""
        await self.pool.close()


def tls_context(ca_file: str = "") -> Any:
    """Certificates and host names are always verified; there is no setting that says otherwise."""
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"the certificates of a provider cannot be read: {ca_file}",
            next_step="ca_file names a file of PEM certificates",
        ) from error

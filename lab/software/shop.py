#!/usr/bin/python3
"""A small shop: HTTP in front of PostgreSQL, logs to syslog, metrics for Prometheus.

It runs on Debian's own Python with python3-psycopg2 and python3-prometheus-client, on the lab's
application host, and knows nothing of the lab.
"""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import queue
import random
import signal
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg2  # type: ignore[import-untyped] # Debian has it, without stubs
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

VERSION = Path(__file__).with_name("VERSION").read_text().strip()
LOG = logging.getLogger("shop")
REQUESTS = Counter("http_requests_total", "Requests by status.", ["method", "route", "status"])
LATENCY = Histogram(
    "http_request_duration_seconds",
    "Time to answer a request.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
POOL_IN_USE = Gauge("db_connections_in_use", "Database connections lent to requests.")
DB_ERRORS = Counter("db_errors_total", "Database errors by kind.", ["kind"])
ORDERS = Counter("shop_orders_total", "Orders placed.")
BUILD = Gauge("shop_build_info", "The version that runs.", ["version"])


class Pool:
    """A few database connections, each closed when it has grown old."""

    def __init__(self, dsn: str, size: int, max_age: float) -> None:
        self._dsn = dsn
        self._max_age = max_age
        self._idle: queue.LifoQueue[tuple[float, Any] | None] = queue.LifoQueue()
        for _ in range(size):
            self._idle.put(None)

    @contextlib.contextmanager
    def connection(self) -> Iterator[Any]:
        """Lend a connection; it goes back unless the work on it failed."""
        held = self._idle.get(timeout=4)
        try:
            if held is not None and time.monotonic() - held[0] > self._max_age:
                held[1].close()
                held = None
            if held is None:
                made = psycopg2.connect(self._dsn)
                made.autocommit = True
                held = (time.monotonic() + random.uniform(0, self._max_age / 2), made)
            with POOL_IN_USE.track_inprogress():
                yield held[1]
        except BaseException:
            self._idle.put(None)
            raise
        self._idle.put(held)


POOL = Pool(os.environ["SHOP_DSN"], size=8, max_age=20)


def products(rest: str) -> str:
    """One product with its price, or a list of some."""
    with POOL.connection() as connection, connection.cursor() as cursor:
        if rest:
            cursor.execute("SELECT name, price_of(id), stock FROM products WHERE id = %s", [rest])
        else:
            first = random.randrange(1900)
            cursor.execute(
                "SELECT id, name, price FROM products WHERE id > %s ORDER BY id LIMIT 40", [first]
            )
        return "\n".join(map(str, cursor.fetchall()))


def checkout(rest: str) -> str:
    """Place an order for one product."""
    with POOL.connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO orders (product, total) VALUES (%s, price_of(%s)) RETURNING id, total",
            [rest, rest],
        )
        order, total = cursor.fetchone()
    ORDERS.inc()
    LOG.info("order %d placed product=%s total=%s", order, rest, total)
    return f"order {order}"


def health(rest: str) -> str:
    """Say whether the database answers."""
    del rest
    with POOL.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


ROUTES = {"products": products, "checkout": checkout, "health": health}


class Handler(BaseHTTPRequestHandler):
    """Answers one connection's requests."""

    server_version = f"shop/{VERSION}"

    def do_GET(self) -> None:
        """Answer a page, the metrics, or an error page when the database fails."""
        _, _, path = self.path.partition("/")
        name, _, rest = path.partition("/")
        if name == "metrics":
            self._answer(200, generate_latest().decode(), CONTENT_TYPE_LATEST)
            return
        if name == "alive":
            self._answer(200, VERSION)
            return
        began = time.monotonic()
        status, body = self._page(name, rest)
        took = time.monotonic() - began
        LATENCY.labels(name).observe(took)
        REQUESTS.labels("GET", name, status).inc()
        if took > 1:
            LOG.warning("slow request /%s took %.0f ms status=%d", path, took * 1000, status)
        self._answer(status, body)

    def _page(self, name: str, rest: str) -> tuple[int, str]:
        work = ROUTES.get(name)
        if work is None:
            return 404, "no such page"
        try:
            return 200, work(rest)
        except psycopg2.Error as error:
            DB_ERRORS.labels(type(error).__name__).inc()
            first = str(error).strip().splitlines()[:1] or [type(error).__name__]
            LOG.error("request /%s/%s failed: database error: %s", name, rest, first[0])
        except queue.Empty:
            DB_ERRORS.labels("PoolTimeout").inc()
            LOG.error("request /%s/%s failed: no database connection within 4 s", name, rest)
        return 500, "something went wrong"

    def _answer(self, status: int, body: str, kind: str = "text/plain") -> None:
        content = body.encode()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are counted, not logged: the front door logs them."""


def stopping(number: int, frame: FrameType | None) -> None:
    """Leave at once, as the init system asks."""
    del frame
    LOG.info("shop %s stopping on signal %d", VERSION, number)
    logging.shutdown()
    os._exit(0)


def main() -> None:
    """Serve until told to stop."""
    handler = logging.handlers.SysLogHandler("/dev/log", facility="local0")
    handler.ident = f"shop[{os.getpid()}]: "
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    Path(os.environ["SHOP_PID_FILE"]).write_text(str(os.getpid()))
    signal.signal(signal.SIGTERM, stopping)
    BUILD.labels(VERSION).set(1)
    server = ThreadingHTTPServer(("", int(os.environ["SHOP_PORT"])), Handler)
    server.daemon_threads = True
    LOG.info("shop %s listening on port %s", VERSION, os.environ["SHOP_PORT"])
    server.serve_forever()


main()

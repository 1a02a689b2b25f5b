"""Telemetry that is sent over HTTP: one port, and a route for each protocol that uses it."""

from typing import TYPE_CHECKING

from sensorium.ingest.transport.http.config import HttpConfig
from sensorium.ingest.transport.http.route import Reply, Request, Route, media_type, plain_refusal
from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.ingest.transport.http.server import HttpReceiver

__getattr__ = lazy_names(__name__, server="HttpReceiver")

__all__ = ["HttpConfig", "HttpReceiver", "Reply", "Request", "Route", "media_type", "plain_refusal"]

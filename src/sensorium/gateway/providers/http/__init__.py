"""HTTP/1.1 to providers: the one transport that all of them share."""

from sensorium.gateway.providers.http.answer import HttpAnswer
from sensorium.gateway.providers.http.pool import PoolLimits
from sensorium.gateway.providers.http.request import Request
from sensorium.gateway.providers.http.session import Session

__all__ = ["HttpAnswer", "PoolLimits", "Request", "Session"]

"""What a call passes through, put together by ``gateway/app.py``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium.gateway.calls.background import Background
from sensorium.gateway.calls.clock import Clock
from sensorium.gateway.calls.config import CallsConfig

if TYPE_CHECKING:
    from sensorium.gateway.cache.cache import Cache
    from sensorium.gateway.calls.bookkeeping import Bookkeeping
    from sensorium.gateway.calls.confinement import Confinement
    from sensorium.gateway.calls.measures import Measures
    from sensorium.gateway.dialect import Dialect
    from sensorium.gateway.guardrails.guard import Guard
    from sensorium.gateway.ledger import PriceBook
    from sensorium.gateway.provider import Provider
    from sensorium.gateway.routing.router import Router


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """``providers`` by the name that deployments use for them."""

    router: Router
    providers: Mapping[str, Provider]
    dialects: Mapping[str, Dialect]
    books: Bookkeeping
    guard: Guard
    cache: Cache
    confinement: Confinement
    prices: PriceBook
    measures: Measures
    background: Background = field(default_factory=Background)
    config: CallsConfig = field(default_factory=CallsConfig)
    clock: Clock = field(default_factory=Clock)

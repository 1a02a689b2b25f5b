"""What a provider needs from outside."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sensorium.gateway.dialect import Dialect
from sensorium.gateway.providers.config import ProviderConfig
from sensorium.gateway.providers.destinations import (
    Destinations,
    Origin,
    Resolve,
    judge_for,
    origin_of,
    resolve,
)
from sensorium.gateway.providers.http import PoolLimits, Session
from sensorium.observe import Observe


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderDeps:
    """``clock`` gives seconds since 1970; ``resolver`` a host's addresses.

    ``session_factory`` makes the transport of a provider from its settings and base URL.
    """

    observe: Observe
    dialects: Mapping[str, Dialect]
    clock: Callable[[], float] = time.time
    resolver: Resolve = resolve
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def session(self, config: ProviderConfig, base_url: str) -> tuple[Session, Origin]:
        """The transport to a base URL, and what the URL says; raises ``UsageError``."""
        origin = origin_of(base_url, plain_allowed=config.allow_private_destinations)
        judge = judge_for(origin, allow_private=config.allow_private_destinations)
        destinations = Destinations(origin, judge=judge, resolver=self.resolver)
        session = Session(
            config.name,
            destinations,
            self.observe,
            limits=PoolLimits(
                connections=config.max_connections,
                connect_s=config.connect_timeout_s,
                idle_s=config.idle_timeout_s,
            ),
            max_answer_bytes=config.max_answer_bytes,
            ca_file=config.ca_file,
        )
        return session, origin

"""Settings in, a running gateway out: every part wired by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from random import Random, SystemRandom
from typing import TYPE_CHECKING

from sensorium.gateway.cache.cache import Cache
from sensorium.gateway.cache.file import FileStore
from sensorium.gateway.calls.asking import Asking
from sensorium.gateway.calls.bookkeeping import Bookkeeping
from sensorium.gateway.calls.clock import Clock
from sensorium.gateway.calls.confinement import Confinement
from sensorium.gateway.calls.gateway import Gateway
from sensorium.gateway.calls.measures import Measures
from sensorium.gateway.calls.parts import Parts
from sensorium.gateway.confining import verifier_of
from sensorium.gateway.dialects.registry import DIALECTS
from sensorium.gateway.door.access_log import AccessLog
from sensorium.gateway.door.admin import Admin
from sensorium.gateway.door.chat import Chat
from sensorium.gateway.door.counting import Counting
from sensorium.gateway.door.door import A_MODEL, Door, Handler
from sensorium.gateway.door.embeddings import Embeddings
from sensorium.gateway.door.entrance import Entrance
from sensorium.gateway.door.models import Models
from sensorium.gateway.door.operations import Operations
from sensorium.gateway.door.server import DoorServer
from sensorium.gateway.guarding import guard_of
from sensorium.gateway.guardrails.guard import Guard
from sensorium.gateway.privacy.evidence.log import EvidenceLog
from sensorium.gateway.providers.deps import ProviderDeps
from sensorium.gateway.providers.registry import make_provider
from sensorium.gateway.routing.router import Router

if TYPE_CHECKING:
    from sensorium.gateway.access import Access, Directory
    from sensorium.gateway.config import GatewaySettings
    from sensorium.gateway.ledger import Ledger, PriceBook
    from sensorium.gateway.ledger.spend import Spend
    from sensorium.observe import Observe

# A path of the door and the dialect that is spoken there.
_CHAT = {
    "/v1/chat/completions": "openai_chat",
    "/v1/responses": "openai_responses",
    "/v1/messages": "anthropic",
}


def make_parts(
    settings: GatewaySettings,
    ledger: Ledger,
    prices: PriceBook,
    observe: Observe,
    environment: Mapping[str, str],
) -> Parts:
    """The parts of a call; nothing is connected or started yet."""
    deps = ProviderDeps(observe=observe, dialects=DIALECTS, environment=environment)
    asking = Asking()
    confined = bool(settings.privacy.policies)
    evidence = EvidenceLog(settings.data_dir, observe) if confined else None
    clock = Clock()
    parts = Parts(
        router=Router(settings.models, settings.switches, settings.cooldown, Random()),
        providers={one.name: make_provider(one, deps) for one in settings.providers},
        dialects=DIALECTS,
        books=Bookkeeping(ledger, settings.calls.lease_s, observe),
        guard=guard_of(settings, observe, asking.ask),
        cache=_cache(settings, observe, asking),
        confinement=Confinement(verifier_of(settings, deps, observe), evidence, clock),
        prices=prices,
        measures=Measures(observe),
        config=settings.calls,
        clock=clock,
    )
    # What the gateway asks itself is not guarded again, or a moderator would moderate itself.
    asking.parts = replace(parts, guard=Guard((), observe))
    return parts


def _cache(settings: GatewaySettings, observe: Observe, asking: Asking) -> Cache:
    config = settings.cache
    file = None
    if config.enabled and config.file:
        path = settings.data_dir / config.file
        file = FileStore(path, config.max_file_bytes, _seconds)
    embed = partial(asking.embed, config.semantic.model)
    return Cache(config, observe, _seconds, file=file, embed=embed)


def _seconds() -> float:
    return Clock().wall_ns() / 1e9


def make_door(
    settings: GatewaySettings,
    parts: Parts,
    access: Access,
    directory: Directory,
    spend: Spend,
    observe: Observe,
) -> DoorServer:
    """The HTTP side of a gateway."""
    gateway = Gateway(parts)
    entrance = Entrance(access)
    log = AccessLog(settings.door, observe)
    operations = Operations(parts, observe, lambda: server.draining)
    routes: dict[str, dict[str, Handler]] = {
        path: {"POST": Chat(gateway, entrance, parts.dialects[name], log)}
        for path, name in _CHAT.items()
    }
    counting = Counting(gateway, entrance, parts.dialects["anthropic"])
    routes["/v1/messages/count_tokens"] = {"POST": counting}
    routes["/v1/embeddings"] = {"POST": Embeddings(gateway, entrance, log)}
    models = Models(gateway, entrance)
    routes["/v1/models"] = {"GET": models}
    routes[A_MODEL] = {"GET": models.one}
    routes |= Admin(directory, spend, entrance).routes()
    routes["/healthz"] = {"GET": operations.healthz}
    routes["/readyz"] = {"GET": operations.readyz}
    routes["/metrics"] = {"GET": operations.metrics}
    door = Door(routes, parts.dialects, settings.door, observe, ids(parts.clock.wall_ns))
    server = DoorServer(door, settings.door, observe)
    return server


def ids(wall_ns: Callable[[], int]) -> Callable[[], str]:
    """What makes ids of requests: milliseconds since 1970 and 48 random bits, as hexadecimal.

    They are in the order of time, so that the ledger's newest rows lie together.
    """
    bits = Random(SystemRandom().getrandbits(256)).getrandbits
    return lambda: f"{wall_ns() // 1_000_000:012x}{bits(48):012x}"

"""Which addresses a provider may be reached at: the rule against server-side request forgery.

A base URL comes from the settings, never from a caller. Its host's addresses are judged after they
were resolved, and the very address that was judged is the one that is connected to, so that no
second look-up (DNS rebinding) can bring in another.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from sensorium.errors import UsageError
from sensorium.gateway.failure import CallFailedError
from sensorium.gateway.providers.addresses import Address, carried, never_a_provider, own_network
from sensorium.gateway.providers.failures import unreachable

Resolve = Callable[[str, int], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a base URL leads; ``path`` has no slash at its end."""

    host: str
    port: int
    tls: bool
    path: str

    @property
    def authority(self) -> str:
        """For the ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def origin_of(base_url: str, *, plain_allowed: bool) -> Origin:
    """Read a base URL from the settings; raises ``UsageError``.

    The message does not repeat the URL, which may hold a credential by mistake.
    """
    try:
        parts = urlsplit(base_url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise _unusable("is not a URL") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise _unusable("does not begin with https:// and a host")
    if "@" in parts.netloc:
        raise _unusable("holds a credential", "give the credential by reference, as env:NAME")
    if "?" in base_url or "#" in base_url:
        raise _unusable("has a query or a fragment")
    if not base_url.isascii() or any(c <= " " or c in "\\\x7f" for c in base_url):
        raise _unusable("has characters that a URL has not")
    tls = parts.scheme == "https"
    if not tls and not plain_allowed:
        raise _unusable(
            "is not encrypted",
            "use https, or set allow_private_destinations for a server in your own network",
        )
    return Origin(host, port or (443 if tls else 80), tls, parts.path.rstrip("/"))


def _unusable(why: str, next_step: str = "") -> UsageError:
    return UsageError(f"the base URL of a provider {why}", next_step=next_step)


def why_refused(address: Address, *, allow_private: bool) -> str:
    """Why an address may not be connected to; empty where it may.

    An IPv6 address that carries an IPv4 address is refused; where private destinations are
    allowed, it is judged by the one it carries (DNS64 in an IPv6-only cluster).
    """
    inner = carried(address)
    if inner is not None:
        return why_refused(inner[1], allow_private=True) if allow_private else inner[0]
    return never_a_provider(address) or ("" if allow_private else own_network(address))


def judge_for(origin: Origin, *, allow_private: bool) -> Callable[[Address], str]:
    """Says of an address why it may not be connected to for this origin; empty where it may."""

    def judge(address: Address) -> str:
        why = why_refused(address, allow_private=allow_private)
        if not why and not origin.tls and not own_network(address):
            return "public, and not encrypted"
        return why

    return judge


async def resolve(host: str, port: int) -> list[str]:
    """The host's addresses as the system resolves them, in its order."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
    )
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Destinations:
    """Finds the addresses of one origin that may be connected to.

    ``judge`` says why an address may not be; empty where it may.
    """

    def __init__(
        self, origin: Origin, *, judge: Callable[[Address], str], resolver: Resolve = resolve
    ) -> None:
        self.origin = origin
        self._judge = judge
        self._resolver = resolver
        self._under_way: asyncio.Task[list[str]] | None = None

    async def addresses(self) -> list[str]:
        """At least one address, all judged; raises ``CallFailedError`` (UNREACHABLE).

        One refused address refuses the host: a name with a public and a private address is a
        mistake or an attack. Connections that are opened at once share a look-up; nothing is kept
        beyond it, so that a provider's move is followed.
        """
        if self._under_way is None:
            self._under_way = asyncio.ensure_future(self._looked_up())
            self._under_way.add_done_callback(self._forget)
        try:
            return await asyncio.shield(self._under_way)
        except CallFailedError as error:
            raise CallFailedError(error.failure) from None

    def _forget(self, task: asyncio.Task[list[str]]) -> None:
        self._under_way = None
        if not task.cancelled():
            task.exception()  # seen, should every waiter be gone

    async def _looked_up(self) -> list[str]:
        try:
            found = await self._resolver(self.origin.host, self.origin.port)
        except (OSError, UnicodeError):
            raise unreachable("the provider's name cannot be resolved", "dns") from None
        if not found:
            raise unreachable("the provider's name has no address", "dns")
        for text in found:
            why = self._judge(ipaddress.ip_address(text.partition("%")[0]))
            if why:
                raise unreachable(
                    f"the provider's address is refused: {why}", "destination_refused"
                )
        return found

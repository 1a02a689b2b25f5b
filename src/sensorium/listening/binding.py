"""Where a server listens: what can be a host, and taking a TCP port before it is served on."""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Any, Final

_LONGEST_LABEL: Final = 63
_LONGEST_NAME: Final = 253
_BAD_LABEL: Final = "is no host's name: a part between dots is empty or longer than 63 characters"
_NO_HOSTS: Final = tuple(
    (re.compile(shape), why)
    for shape, why in (
        (r"^$", "is empty; 0.0.0.0 or :: listen on every address"),
        (r"^\[.*\]$", "has brackets, which only a URL needs"),
        (r":", "is neither an IPv6 address nor a name; a port has a setting of its own"),
        (r"^[\d.]+$", "is no IPv4 address"),
        (r"[\s/@%\x00-\x1f]", "has a character that no host's name has"),
    )
)


def check_host(text: str, setting: str = "host") -> None:
    """ValueError, which says why, where ``text`` can be neither an address nor a host's name.

    An IPv6 address may have its scope (``fe80::1%eth0``). Nobody is asked whether a name exists.
    """
    try:
        ipaddress.ip_address(text)
    except ValueError:
        why = _why_no_name(text)
    else:
        why = ""
    if why:
        raise ValueError(f"{setting}: {text!r} {why}")


def _why_no_name(text: str) -> str:
    for shape, why in _NO_HOSTS:
        if shape.search(text):
            return why
    try:
        name = (text if text.isascii() else text.encode("idna").decode()).rstrip(".")
    except UnicodeError:
        return _BAD_LABEL
    if not all(0 < len(label) <= _LONGEST_LABEL for label in name.split(".")):
        return _BAD_LABEL
    return "is longer than a host's name can be" if len(name) > _LONGEST_NAME else ""


def address_of(host: str, port: int, kind: socket.SocketKind) -> tuple[int, Any]:
    """The family and the address to bind for ``host``; OSError where it is none.

    The scope of an IPv6 address (``%eth0``) is in the address. A name that has both kinds of
    addresses stands for its first IPv4 one.
    """
    found = socket.getaddrinfo(host, port, type=kind)
    family, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    return family, address


def bound(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket that has the port; OSError where the address is none or the port is taken.

    ``::`` takes IPv4 as well, whatever this machine's sockets do by default. ``shared`` lets
    several processes of one user have it: the kernel divides callers among those that listen.
    """
    family, address = address_of(host, port, socket.SOCK_STREAM)
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.bind(address)
    except OSError:
        listening.close()
        raise
    return listening


def url_of(listening: socket.socket, *, tls: bool) -> str:
    """Where a bound socket is reached over HTTP."""
    return f"{'https' if tls else 'http'}://{authority_of(listening)}"


def authority_of(listening: socket.socket) -> str:
    """A bound socket's address and port, as a URL has them.

    An IPv6 address is in brackets, with its scope where it has one, ``[fe80::1%eth0]:8470``: in the
    spelling of RFC 4007 section 11, which clients take as it is.
    """
    host, port = listening.getsockname()[:2]
    if listening.family == socket.AF_INET6:
        scope = listening.getsockname()[3]
        host = f"[{host}%{socket.if_indextoname(scope)}]" if scope else f"[{host}]"
    return f"{host}:{port}"

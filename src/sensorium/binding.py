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

    ``shared`` lets several processes of one user have it: the kernel divides callers among those
    that listen.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    family, kind, proto, _, address = found
    listening = socket.socket(family, kind, proto)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.bind(address)
    except OSError:
        listening.close()
        raise
    return listening

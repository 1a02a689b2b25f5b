"""A port is taken before anything is served on it, or it is said why not."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

import httpx
import pytest

from sensorium.errors import SensoriumError
from sensorium.gateway.door.address import held, taken
from sensorium.gateway.door.config import DoorConfig
from sensorium.listening.binding import authority_of, bound, url_of


def test_a_port_can_be_had_once() -> None:
    with bound("127.0.0.1", 0) as holder:
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            bound("127.0.0.1", port)
        with pytest.raises(SensoriumError, match=f"cannot listen on 127.0.0.1 port {port}"):
            taken(DoorConfig(port=port))


def test_processes_of_one_user_share_a_port_where_all_want_to() -> None:
    with held(DoorConfig(port=0)) as holder, bound(*holder.getsockname(), shared=True) as other:
        assert other.getsockname() == holder.getsockname()


def test_an_address_that_is_none_is_said() -> None:
    with pytest.raises(SensoriumError, match="cannot listen on no-such-host") as told:
        taken(DoorConfig(host="no-such-host.invalid", port=1))
    assert "door.host" in told.value.next_step
    with pytest.raises(socket.gaierror):
        bound("no-such-host.invalid", 1)


def test_a_name_with_both_kinds_of_addresses_stands_for_its_first_ipv4_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As /etc/hosts has it in most containers; this machine's may have only one of them.
    both = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 0, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with bound("localhost", 0) as holder:
        assert holder.getsockname()[0] == "127.0.0.1"


def test_every_address_of_ipv6_takes_ipv4_as_well() -> None:
    with bound("::", 0) as holder:
        assert not holder.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)


@pytest.mark.parametrize(
    ("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("::", "[::]")]
)
def test_an_address_is_shown_as_urls_have_it(host: str, shown: str) -> None:
    with bound(host, 0) as holder:
        port = holder.getsockname()[1]
        assert authority_of(holder) == f"{shown}:{port}"
        assert url_of(holder, tls=False) == f"http://{shown}:{port}"
        assert url_of(holder, tls=True) == f"https://{shown}:{port}"


def _link_local() -> str:
    """An address that is nothing without its scope, such as ``fe80::1%eth0``; empty: none here."""
    try:
        lines = Path("/proc/net/if_inet6").read_text().splitlines()
    except OSError:
        return ""
    for line in lines:
        address, _, _, scope, _, interface = line.split()
        if scope == "20":  # IPV6_ADDR_LINKLOCAL of Linux' include/net/ipv6.h
            return f"{ipaddress.IPv6Address(bytes.fromhex(address))}%{interface}"
    return ""


@pytest.mark.skipif(not _link_local(), reason="no interface has a link-local IPv6 address")
def test_a_url_keeps_the_scope_without_which_nobody_can_connect() -> None:
    host = _link_local()
    with bound(host, 0) as holder:
        holder.listen()
        assert url_of(holder, tls=False) == f"http://[{host}]:{holder.getsockname()[1]}"
        where = httpx.URL(url_of(holder, tls=False))
        socket.create_connection((where.host, where.port or 0), timeout=5).close()

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.errors import UsageError
from sensorium.gateway.failure import CallFailedError, FailureKind
from sensorium.gateway.providers.destinations import (
    Destinations,
    judge_for,
    origin_of,
    why_refused,
)
from tests.gateway.providers.conftest import Run
from tests.gateway.providers.kinds import CASES
from tests.gateway.upstreams.raw import answer, raw_upstream, says

# What stands for each class of address that requests were forged to; and whether a deployment may
# allow it.
REFUSED = {
    "127.0.0.1": ("loopback", True),
    "127.255.255.254": ("loopback", True),
    "::1": ("loopback", True),
    "10.0.0.1": ("private", True),
    "172.16.0.1": ("private", True),
    "172.31.255.255": ("private", True),
    "192.168.1.1": ("private", True),
    "fc00::1": ("private", True),
    "fd12:3456::1": ("private", True),
    "fec0::1": ("private", True),
    "100.64.0.1": ("shared address space", True),
    "100.127.255.255": ("shared address space", True),
    "::ffff:10.0.0.1": ("ipv4-mapped", True),
    "::ffff:8.8.8.8": ("ipv4-mapped", True),
    "::ffff:169.254.169.254": ("ipv4-mapped", False),
    "2002:0a00:0001::": ("6to4", True),
    "2002:a9fe:a9fe::": ("6to4", False),
    "64:ff9b::8.8.8.8": ("nat64", True),
    "64:ff9b::169.254.169.254": ("nat64", False),
    "64:ff9b:1::1": ("nat64", False),
    "::8.8.8.8": ("ipv4-compatible", True),
    "::169.254.169.254": ("ipv4-compatible", False),
    "169.254.169.254": ("link-local", False),
    "169.254.170.2": ("link-local", False),
    "fe80::1": ("link-local", False),
    "fd00:ec2::254": ("metadata", False),
    "100.100.100.200": ("metadata", False),
    "168.63.129.16": ("metadata", False),
    "0.0.0.0": ("unspecified", False),
    "0.1.2.3": ("unspecified", False),
    "::": ("unspecified", False),
    "224.0.0.1": ("multicast", False),
    "ff02::1": ("multicast", False),
    "2001::1": ("teredo", False),
    "192.0.0.192": ("reserved", False),
    "198.18.0.1": ("reserved", False),
    "240.0.0.1": ("reserved", False),
    "255.255.255.255": ("reserved", False),
    "2001:db8::1": ("reserved", False),
    "4000::1": ("reserved", False),
    "5f00::1": ("reserved", False),
}
PUBLIC = ("8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2a00::1")


@pytest.mark.parametrize("text", REFUSED)
def test_an_address_that_is_no_public_one_is_refused_by_its_class(text: str) -> None:
    why, may_be_allowed = REFUSED[text]
    address = ipaddress.ip_address(text)
    assert why_refused(address, allow_private=False) == why
    assert (why_refused(address, allow_private=True) == "") is may_be_allowed


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_may_be_connected_to(text: str) -> None:
    for allowed in (False, True):
        assert why_refused(ipaddress.ip_address(text), allow_private=allowed) == ""


@given(st.one_of(st.ip_addresses(), st.ip_addresses(v=6)))
def test_whatever_python_calls_private_is_refused(address: Any) -> None:
    if not address.is_global or address.is_multicast:
        assert why_refused(address, allow_private=False)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://models.test", "does not begin"),
        ("file:///etc/passwd", "does not begin"),
        ("models.test/v1", "does not begin"),
        ("//models.test", "does not begin"),
        ("https://", "does not begin"),
        ("", "does not begin"),
        ("https://user:secret@models.test", "credential"),
        ("https://secret@models.test", "credential"),
        ("https://@models.test", "credential"),
        ("https://models.test?key=secret", "query"),
        ("https://models.test/?", "query"),
        ("https://models.test#a", "fragment"),
        ("https://models.test:99999", "not a URL"),
        ("https://[::1", "not a URL"),
        ("https://models.test/a b", "characters"),
        ("https://models.test\\@evil.test", "c"),
        ("https://mödels.test", "characters"),
        ("http://models.test", "not encrypted"),
    ],
)
def test_a_base_url_that_is_none_is_refused_without_being_repeated(url: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        origin_of(url, plain_allowed=False)
    assert "secret" not in str(caught.value)


def test_an_origin_is_read_from_a_base_url() -> None:
    one = origin_of("https://models.test/v1/", plain_allowed=False)
    assert (one.host, one.port, one.tls, one.path) == ("models.test", 443, True, "/v1")
    assert one.authority == "models.test"
    assert origin_of("https://[2606::1]:8443", plain_allowed=False).authority == "[2606::1]:8443"
    assert origin_of("http://models.test:80/a", plain_allowed=True).authority == "models.test"


def addresses(url: str, *found: str, allow_private: bool = False) -> Any:
    """What may be connected to where the host resolves so; or why nothing may."""

    async def resolver(host: str, port: int) -> list[str]:
        return list(found)

    async def scenario() -> Any:
        origin = origin_of(url, plain_allowed=True)
        judge = judge_for(origin, allow_private=allow_private)
        try:
            return await Destinations(origin, judge=judge, resolver=resolver).addresses()
        except CallFailedError as error:
            return error.failure.code

    return asyncio.run(scenario())


def test_one_refused_address_refuses_the_host() -> None:
    url = "https://models.test"
    assert addresses(url, "8.8.8.8", "2606:4700::1") == ["8.8.8.8", "2606:4700::1"]
    assert addresses(url, "8.8.8.8", "10.0.0.1") == "destination_refused"
    assert addresses(url, "8.8.8.8", "10.0.0.1", allow_private=True) == ["8.8.8.8", "10.0.0.1"]
    assert addresses(url, "fe80::1%eth0", allow_private=True) == "destination_refused"
    assert addresses(url) == "dns"


def test_without_tls_only_ones_own_network_is_reached() -> None:
    assert addresses("http://models.test", "10.0.0.1", allow_private=True) == ["10.0.0.1"]
    assert addresses("http://models.test", "8.8.8.8", allow_private=True) == "destination_refused"


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost"])
def test_other_ways_to_write_loopback_are_refused_as_the_system_reads_them(host: str) -> None:
    async def scenario() -> None:
        origin = origin_of(f"https://{host}", plain_allowed=False)
        judge = judge_for(origin, allow_private=False)
        with pytest.raises(CallFailedError) as caught:
            await Destinations(origin, judge=judge).addresses()
        assert caught.value.failure.code in {"destination_refused", "dns"}

    asyncio.run(scenario())


def test_a_name_that_resolves_differently_the_second_time_is_judged_each_time(run: Run) -> None:
    """DNS rebinding: the connection goes to the judged address, and to no second look-up's."""

    async def scenario() -> None:
        async with raw_upstream(says(answer(b"{}", Connection="close"))) as upstream:
            asked: list[str] = []

            async def resolver(host: str, port: int) -> list[str]:
                asked.append(host)
                return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

            provider = CASES["openai"].make(
                f"http://models.test:{upstream.port}", resolver=resolver
            )
            got = await provider.send(CASES["openai"].call())
            await got.aclose()
            assert asked == ["models.test"], "one look-up for one connection"
            with pytest.raises(CallFailedError) as caught:
                await provider.send(CASES["openai"].call())
            assert caught.value.failure.code == "destination_refused"
            assert upstream.connections == 1
            await provider.close()

    run(scenario())


def test_connections_that_open_together_share_a_look_up_and_its_failure(run: Run) -> None:
    async def scenario() -> None:
        asked: list[str] = []

        async def resolver(host: str, port: int) -> list[str]:
            asked.append(host)
            await asyncio.sleep(0.01)
            raise OSError("no such name")

        provider = CASES["openai"].make("https://models.test", resolver=resolver)
        calls = (provider.send(CASES["openai"].call()) for _ in range(5))
        failed = await asyncio.gather(*calls, return_exceptions=True)
        assert {error.failure.kind for error in failed} == {FailureKind.UNREACHABLE}
        assert len({id(error) for error in failed}) == 5, "each has a trace of its own"
        assert asked == ["models.test"]
        await provider.close()

    run(scenario())

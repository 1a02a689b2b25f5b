"""What can be no host is told when the settings are read, by the setting's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from sensorium.config import load
from sensorium.config.problems import SettingsError
from sensorium.listening.binding import check_host

HOSTS = (
    "ingest.udp.host",
    "ingest.http.host",
    "ingest.grpc.host",
    "ingest.syslog_stream.host",
    "ingest.ipfix_stream.host",
    "ingest.syslog_dtls.host",
    "ingest.ipfix_dtls.host",
    "console.host",
)


def read(tmp_path: Path, setting: str, value: str) -> None:
    *sections, name = setting.split(".")
    lines = [f"{'  ' * depth}{section}:" for depth, section in enumerate(sections)]
    lines.append(f"{'  ' * len(sections)}{name}: '{value}'")
    if sections == ["console"]:
        lines.append("  token: t0ken")
    file = tmp_path / "s.yaml"
    file.write_text("\n".join(lines), encoding="utf-8")
    load(file)


@pytest.mark.parametrize("setting", HOSTS)
def test_every_listener_refuses_a_label_that_no_name_can_have(tmp_path: Path, setting: str) -> None:
    with pytest.raises(SettingsError) as told:
        read(tmp_path, setting, "a" * 64 + ".example.net")
    (problem,) = told.value.problems
    assert problem.setting == setting.removesuffix(".host")
    assert problem.message.startswith("host: ")
    assert "a part between dots is empty or longer than 63 characters" in problem.message
    read(tmp_path, setting, "a" * 63 + ".example.net")


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("", "is empty"),
        ("[::1]", "has brackets"),
        ("127.0.0.1:80", "a port has a setting of its own"),
        ("::1::2", "neither an IPv6 address nor a name"),
        ("256.1.1.1", "is no IPv4 address"),
        (" 127.0.0.1", "has a character"),
        ("http//x", "has a character"),
        ("a..b", "a part between dots is empty"),
        ("ü" * 60 + ".example", "longer than 63 characters"),
        (".".join(["abcdefgh"] * 29), "is longer than a host's name can be"),
    ],
)
def test_what_is_no_host_is_told_with_the_reason(host: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",
        "::",
        "::1",
        "fe80::1%eth0",
        "localhost",
        "collector.example.net.",
        "münchen.example",
    ],
)
def test_addresses_and_names_are_hosts(host: str) -> None:
    check_host(host)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.9:99999/metrics",
        "http://10.0.0.9:port/metrics",
        "http://10.0.0.9:0/metrics",
        "http://[::1/metrics",
        "ftp://10.0.0.9/metrics",
        f"http://{'a' * 64}.example.net/metrics",
    ],
)
def test_an_address_that_cannot_be_scraped_is_told_before_the_scraper_meets_it(
    tmp_path: Path, url: str
) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(f"ingest: {{scrape: {{targets: [{{url: '{url}'}}]}}}}", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"ingest\.scrape\.targets\[0\]: url: "):
        load(file)

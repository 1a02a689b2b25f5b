"""A certificate made by the command is one that TLS takes, and its fingerprint is its own."""

from __future__ import annotations

import hashlib
import ssl
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sensorium.cli import main
from sensorium.ingest.transport import StreamTlsConfig
from sensorium.ingest.transport.secure.context import SecureDoor
from sensorium.ingest.transport.stream.config import fingerprint_of


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["certificate", *arguments])


@pytest.mark.parametrize("key", ["rsa", "ecdsa"])
def test_a_new_certificate_can_be_used_and_is_shown_with_its_fingerprints(
    key: str, tmp_path: Path
) -> None:
    made = run("new", "one.example", "--also", "192.0.2.1", "--folder", str(tmp_path), "--key", key)
    assert made.exit_code == 0, made.output
    pem, secret = tmp_path / "one.example.pem", tmp_path / "one.example.key"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    SecureDoor(StreamTlsConfig(certificate=str(pem), private_key=str(secret)), "x").load()
    der = ssl.PEM_cert_to_DER_cert(pem.read_text())
    shown = run("show", str(pem)).output
    assert "192.0.2.1, one.example" in shown
    marks = [word for word in shown.split() if word.startswith("sha-")]
    assert [fingerprint_of(mark) for mark in marks] == [
        ("sha256", hashlib.sha256(der).digest()),
        ("sha1", hashlib.sha1(der, usedforsecurity=False).digest()),
    ]
    assert all(mark in made.output for mark in marks)


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "one.key").write_text("a secret")
    made = run("new", "one", "--folder", str(tmp_path), "--key", "ecdsa")
    assert made.exit_code == 1
    assert "exists already" in made.output
    assert (tmp_path / "one.key").read_text() == "a secret"
    assert not (tmp_path / "one.pem").exists()


def test_no_key_is_left_where_its_certificate_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "one.pem").write_text("a certificate")
    made = run("new", "one", "--folder", str(tmp_path), "--key", "ecdsa")
    assert made.exit_code == 1
    assert not (tmp_path / "one.key").exists()


def test_what_is_no_certificate_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("x")
    shown = run("show", str(tmp_path / "x.pem"))
    assert shown.exit_code == 1
    assert "cannot be read as a certificate" in shown.output


def test_without_files_those_of_the_settings_are_shown(tmp_path: Path) -> None:
    run("new", "one", "--folder", str(tmp_path), "--key", "ecdsa")
    settings = tmp_path / "sensorium.yaml"
    tls = f"{{certificate: {tmp_path / 'one.pem'}, private_key: {tmp_path / 'one.key'}}}"
    settings.write_text(f"ingest: {{ipfix_stream: {{tls_ports: [4740], tls: {tls}}}}}")
    assert "CN=one" in run("show", "-c", str(settings)).output
    settings.write_text("{}")
    assert "name no certificate" in run("show", "-c", str(settings)).output

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
import yaml
from click.testing import CliRunner, Result

from sensorium.cli import main


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sensorium.yaml"
    path.write_text(
        "detect: {pass_rate: 0.01}\nconsole: {token: s3cret, port: 0}\n", encoding="utf-8"
    )
    return path


def invoke(*arguments: str | Path, **environ: str) -> Result:
    return CliRunner().invoke(main, ["config", *map(str, arguments)], env=environ)


def test_a_good_file_is_called_good(file: Path) -> None:
    result = invoke("check", file)
    assert (result.exit_code, result.output) == (0, f"{file}: good; 3 settings given\n")


def test_a_bad_file_is_refused_with_the_line_and_a_way_out(file: Path) -> None:
    file.write_text("detect:\n  pas_rate: 0.01\n", encoding="utf-8")
    result = invoke("check", file)
    assert result.exit_code == 2
    assert (
        f"error: {file}:2: detect.pas_rate: there is no such setting; did you mean pass_rate?"
        in result.stderr
    )


def test_dump_prints_what_was_given_and_hides_secrets(file: Path) -> None:
    result = invoke("dump", file, SENSORIUM__DETECT__WINDOW_SECONDS="1m")
    assert yaml.safe_load(result.output) == {
        "detect": {"window_seconds": 60, "pass_rate": 0.01},
        "console": {"port": 0, "token": "***"},
    }


def test_dump_effective_prints_everything(file: Path) -> None:
    shown = yaml.safe_load(invoke("dump", "--effective", file).output)
    assert shown["detect"]["pass_rate"] == 0.01
    assert shown["observe"]["log_level"] == "info"


def test_schema_is_json_and_example_is_the_checked_in_file(root: Path) -> None:
    assert json.loads(invoke("schema").output)["additionalProperties"] is False
    example = (root / "sensorium.example.yaml").read_text(encoding="utf-8")
    assert invoke("example").output == example


@pytest.fixture
def with_tls(tmp_path: Path) -> Path:
    """A settings file beside a certificate and a key, named as they lie: from its folder."""
    made = trustme.CA().issue_cert("collector.example.net")
    made.cert_chain_pems[0].write_to_path(tmp_path / "server.pem")
    made.private_key_pem.write_to_path(tmp_path / "server.key")
    path = tmp_path / "sensorium.yaml"
    path.write_text(
        "ingest:\n  http: {tls_certificate: server.pem, tls_key: server.key}\n"
        "  syslog_stream:\n    tls_ports: [6514]\n"
        "    tls: {certificate: server.pem, private_key: server.key}\n"
        # Nothing listens there, so that nothing needs the files.
        "  grpc: {enabled: false, tls_certificate: none.pem, tls_key: none.key}\n",
        encoding="utf-8",
    )
    return path


def test_certificates_and_keys_are_opened(with_tls: Path) -> None:
    result = invoke("check", with_tls)
    assert (result.exit_code, result.stderr) == (0, "")
    wrong = trustme.CA().issue_cert("collector.example.net").private_key_pem
    wrong.write_to_path(with_tls.with_name("server.key"))
    result = invoke("check", with_tls)
    assert result.exit_code == 2
    for setting in ("ingest.http.tls_key", "ingest.syslog_stream.tls.private_key"):
        assert (
            f"{setting}: {with_tls.with_name('server.key')} does not belong to the certificate in "
            f"{with_tls.with_name('server.pem')}\n"
        ) in result.stderr


def test_a_certificate_that_has_expired_is_a_warning_with_its_date(with_tls: Path) -> None:
    authority = trustme.CA()
    day = datetime(2021, 2, 3, tzinfo=UTC)
    old = authority.issue_cert(
        "a.example.net", not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=day
    )
    old.cert_chain_pems[0].write_to_path(with_tls.with_name("server.pem"))
    old.private_key_pem.write_to_path(with_tls.with_name("server.key"))
    result = invoke("check", with_tls)
    assert result.exit_code == 0
    assert "warning: ingest.http.tls_certificate: the certificate in " in result.stderr
    assert "expired on 2021-02-03" in result.stderr

"""What is wrong with TLS files is said in words, before the start as at it; OpenSSL judges."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from sensorium.errors import SensoriumError, UsageError
from sensorium.ingest.transport import StreamTlsConfig
from sensorium.ingest.transport.grpc_config import GrpcConfig
from sensorium.ingest.transport.grpc_server import GrpcReceiver
from sensorium.ingest.transport.http import HttpConfig, HttpReceiver
from sensorium.ingest.transport.secure.context import SecureDoor
from sensorium.listening.tls_files import NamedFile, TlsFiles
from sensorium.observe import Observe

NOW = datetime.now(UTC)


class Folder:
    """Good files, and what may be made of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        authority = trustme.CA()
        server = authority.issue_cert("127.0.0.1")
        self.authority = authority.cert_pem.bytes()
        self.certificate = server.cert_chain_pems[0].bytes()
        self.key = server.private_key_pem.bytes()
        self.other_key = authority.issue_cert("127.0.0.1").private_key_pem.bytes()
        old = authority.issue_cert(
            "127.0.0.1",
            not_before=datetime(2020, 1, 1, tzinfo=UTC),
            not_after=datetime(2021, 2, 3, tzinfo=UTC),
        )
        self.old = old.cert_chain_pems[0].bytes() + old.private_key_pem.bytes()

    def file(self, name: str, content: bytes) -> NamedFile:
        (self.path / name).write_bytes(content)
        return NamedFile(f"the.{name}", str(self.path / name))

    def files(
        self, certificate: bytes = b"", key: bytes = b"", authorities: bytes | None = None
    ) -> TlsFiles:
        return TlsFiles(
            self.file("certificate", certificate or self.certificate),
            self.file("key", key or self.key),
            None if authorities is None else self.file("authorities", authorities),
        )

    def encrypted(self) -> bytes:
        key = load_pem_private_key(self.key, None)
        secret = BestAvailableEncryption(b"secret")
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret)

    def der(self) -> bytes:
        return x509.load_pem_x509_certificate(self.certificate).public_bytes(Encoding.DER)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return Folder(tmp_path_factory.mktemp("tls"))


GOOD: dict[str, Callable[[Folder], TlsFiles]] = {
    "as they come": lambda f: f.files(),
    "with authorities": lambda f: f.files(authorities=f.authority),
    "with Windows line ends": lambda f: f.files(
        f.certificate.replace(b"\n", b"\r\n"), f.key.replace(b"\n", b"\r\n")
    ),
    "with byte order marks": lambda f: f.files(
        b"\xef\xbb\xbf" + f.certificate, b"\xef\xbb\xbf" + f.key, b"\xef\xbb\xbf" + f.authority
    ),
    "without final line ends": lambda f: f.files(
        f.certificate.strip(), f.key.strip(), f.authority.strip()
    ),
    "all in one": lambda f: f.files(f.key + f.certificate, f.key + f.certificate),
}

BAD: dict[str, tuple[Callable[[Folder], TlsFiles], str]] = {
    "another's key": (
        lambda f: f.files(key=f.other_key),
        "the.key: .*key does not belong to the certificate in .*certificate",
    ),
    "a passphrase": (
        lambda f: f.files(key=f.encrypted()),
        "the.key: .*key is encrypted with a passphrase, which a service cannot ask for",
    ),
    "the wrong order": (
        lambda f: f.files(f.authority + f.certificate),
        "the.certificate: .* is in the wrong order: the key .* belongs to certificate 2 in it",
    ),
    "no certificate": (
        lambda f: f.files(f.key),
        "the.certificate: .*certificate holds no certificate, but (ec|rsa) private key",
    ),
    "no key": (
        lambda f: f.files(key=f.certificate),
        "the.key: .*key holds no private key, but certificate",
    ),
    "nothing": (lambda f: f.files(key=b"\n"), "the.key: .*key is empty"),
    "DER": (
        lambda f: f.files(f.der()),
        "the.certificate: .* is not PEM and holds no certificate",
    ),
    "UTF-16": (
        lambda f: f.files(f.certificate.decode().encode("utf-16")),
        "the.certificate: .* is UTF-16 text",
    ),
    "glued parts": (
        lambda f: f.files(f.certificate.strip() + f.authority),
        "the.certificate: .* has two parts on one line",
    ),
    "a torn certificate": (
        lambda f: f.files(f.certificate[:300] + b"\n-----END CERTIFICATE-----\n"),
        "the.certificate: .* is refused by OpenSSL",
    ),
    "no authority": (
        lambda f: f.files(authorities=b""),
        "the.authorities: .*authorities is empty",
    ),
    "a key for authorities": (
        lambda f: f.files(authorities=f.key),
        "the.authorities: .* holds no certificate, but (ec|rsa) private key",
    ),
    "a missing file": (
        lambda f: TlsFiles(
            NamedFile("the.certificate", str(f.path / "none")), f.file("key", f.key)
        ),
        "the.certificate: .*none cannot be read: No such file or directory",
    ),
    "a folder": (
        lambda f: TlsFiles(f.file("certificate", f.certificate), NamedFile("the.key", str(f.path))),
        "the.key: .* cannot be read: Is a directory",
    ),
}


def ports(files: TlsFiles) -> list[Callable[[], None]]:
    """How each kind of listener reads these files at its start."""
    authorities = files.client_ca.path if files.client_ca else ""
    port = {
        "tls_certificate": files.certificate.path,
        "tls_key": files.private_key.path,
        "tls_client_ca": authorities,
    }
    observe = Observe()
    http = HttpReceiver(HttpConfig(port=0, **port), {}, observe, clock_ns=lambda: 0)
    grpc = GrpcReceiver(
        GrpcConfig(port=0, **port), {}, observe, clock_ns=lambda: 0, details=lambda *_: ()
    )
    stream = StreamTlsConfig(
        certificate=files.certificate.path,
        private_key=files.private_key.path,
        client_ca=authorities,
    )
    return [http.bind, grpc.bind, SecureDoor(stream, "ingest.syslog_stream").load]


@pytest.mark.parametrize("name", GOOD)
def test_what_openssl_takes_is_good_for_every_listener(folder: Folder, name: str) -> None:
    files = GOOD[name](folder)
    files.check()
    assert list(files.doubts(NOW)) == []
    for start in ports(files):
        start()


@pytest.mark.parametrize("name", BAD)
def test_every_listener_refuses_to_start_and_says_what_is_wrong_with_which_file(
    folder: Folder, name: str
) -> None:
    make, expected = BAD[name]
    files = make(folder)
    with pytest.raises(UsageError, match=f"^{expected}") as told:
        files.check()
    assert told.value.next_step
    own_words = told.value.message.partition(": ")[2]
    for start in ports(files):
        with pytest.raises(SensoriumError, match=re.escape(own_words)):
            start()


def test_what_has_expired_or_is_out_of_order_starts_and_is_told_with_its_date(
    folder: Folder,
) -> None:
    files = folder.files(folder.old, folder.old)
    files.check()
    assert [doubt.partition(" in ")[0] for doubt in files.doubts(NOW)] == [
        "the.certificate: the certificate"
    ]
    assert "expired on 2021-02-03" in next(files.doubts(NOW))
    early = next(files.doubts(datetime(2019, 6, 1, tzinfo=UTC)))
    assert "is not valid before 2020-01-01 00:00 UTC" in early
    soon = datetime(2021, 2, 3, tzinfo=UTC) - timedelta(days=13)
    assert "expires on 2021-02-03" in next(files.doubts(soon))
    chain = folder.files(folder.certificate + folder.old)
    chain.check()
    assert any("certificate 2 did not sign certificate 1" in doubt for doubt in chain.doubts(NOW))
    stale = folder.files(authorities=folder.old)
    assert [doubt for doubt in stale.doubts(NOW) if doubt.startswith("the.authorities")] == [
        f"the.authorities: every authority in {folder.path}/authorities has expired, the last on "
        "2021-02-03: no peer is let in by it"
    ]

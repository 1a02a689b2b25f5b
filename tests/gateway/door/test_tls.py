"""TLS at the door, with a certificate made here."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import httpx
import openai
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sensorium.errors import UsageError
from sensorium.gateway.door.config import DoorConfig
from sensorium.gateway.door.tls import tls_of
from tests.gateway.served import model, provider, serving, settings
from tests.gateway.upstreams.openai import OpenAIEmulator
from tests.gateway.upstreams.server import serving as emulating


@pytest.fixture
def door(tmp_path: Path) -> DoorConfig:
    """A door with a certificate for loopback."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "door.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "door.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return DoorConfig(certificate=tmp_path / "door.pem", private_key=tmp_path / "door.key")


def test_sdks_speak_tls_with_the_door_and_nobody_speaks_without(door: DoorConfig) -> None:
    async def check() -> None:
        upstream = OpenAIEmulator()
        async with emulating(upstream):
            given = settings(model("m", "up"), providers=(provider("up", upstream.url),), door=door)
            async with serving(given, upstream) as served:
                assert served.url.startswith("https://")
                trusting = ssl.create_default_context(cafile=door.certificate)
                async with httpx.AsyncClient(verify=trusting) as http:
                    client = openai.AsyncOpenAI(
                        base_url=f"{served.url}/v1", api_key=served.key, http_client=http
                    )
                    answer = await client.chat.completions.create(
                        model="m", messages=[{"role": "user", "content": "one two"}]
                    )
                    assert answer.choices[0].message.content == "You said: one two"
                plain = served.url.replace("https", "http") + "/healthz"
                with pytest.raises(aiohttp.ClientError):
                    await served.http.get(plain)

    asyncio.run(check())


def test_old_tls_is_not_spoken(door: DoorConfig) -> None:
    context = tls_of(door)
    assert context is not None
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_without_files_there_is_none_and_one_alone_is_refused(door: DoorConfig) -> None:
    assert tls_of(DoorConfig()) is None
    with pytest.raises(ValueError, match="go together"):
        DoorConfig(certificate=door.certificate)


def test_files_that_are_no_pair_are_told_with_a_way_out(door: DoorConfig, tmp_path: Path) -> None:
    for certificate, key, told in (
        (door.certificate, tmp_path / "none.key", r"door\.private_key: .* cannot be read"),
        (door.private_key, door.private_key, r"door\.certificate: .* holds no certificate"),
        (door.certificate, door.certificate, r"door\.private_key: .* holds no private key"),
    ):
        with pytest.raises(UsageError, match=told) as caught:
            tls_of(DoorConfig(certificate=certificate, private_key=key))
        assert caught.value.next_step

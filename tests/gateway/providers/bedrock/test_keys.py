from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sensorium.errors import UsageError
from sensorium.gateway.failure import CallFailedError, FailureKind
from sensorium.gateway.providers.bedrock.keys import aws_keys
from sensorium.gateway.providers.bedrock.sigv4 import AwsKeys
from sensorium.gateway.providers.deps import ProviderDeps
from sensorium.observe import Observe
from tests.gateway.upstreams.aws_keys import KeysEmulator
from tests.gateway.upstreams.server import serving

NOW = 1_800_000_000.0  # 2027


def deps(environment: Mapping[str, str], clock: Any = lambda: NOW) -> ProviderDeps:
    return ProviderDeps(observe=Observe(), dialects={}, clock=clock, environment=environment)


async def current(reference: str, environment: Mapping[str, str], clock: Any = None) -> AwsKeys:
    keys = aws_keys(reference, "eu-central-1", deps(environment, clock or (lambda: NOW)))
    try:
        return await keys.current()
    finally:
        await keys.close()


def issued(keys: AwsKeys) -> bool:
    return (
        keys.access_key_id == "ASIAISSUED"
        and keys.secret_access_key.reveal() == "issued-secret"
        and keys.session_token is not None
        and keys.session_token.reveal() == "issued-token"
    )


def test_keys_come_from_the_environment() -> None:
    environment = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s"}
    found = asyncio.run(current("aws:env", environment))
    assert (found.access_key_id, found.secret_access_key.reveal()) == ("AKID", "s")
    assert found.session_token is None
    found = asyncio.run(current("aws:default", {**environment, "AWS_SESSION_TOKEN": "t"}))
    assert found.session_token is not None


def test_keys_come_from_a_profile_of_a_file_that_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_text(
        "[default]\naws_access_key_id=A1\naws_secret_access_key=s1%x\n"
        "[team]\naws_access_key_id = A2\naws_secret_access_key = s2\naws_session_token = t2\n"
    )

    async def scenario() -> None:
        environment = {"AWS_SHARED_CREDENTIALS_FILE": str(path)}
        found = await current("aws:file", environment)
        assert (found.access_key_id, found.secret_access_key.reveal()) == ("A1", "s1%x")
        for reference, given in (
            ("aws:file#team", environment),
            (f"aws:file:{path}#team", {}),
            ("aws:default", {**environment, "AWS_PROFILE": "team"}),
        ):
            assert (await current(reference, given)).access_key_id == "A2"

        keys = aws_keys(f"aws:file:{path}", "eu-central-1", deps({}))
        first = await keys.current()
        assert await keys.current() is first, "the same object, so that signing keys are kept"
        path.write_text("[default]\naws_access_key_id=A3\naws_secret_access_key=s3\n")
        assert (await keys.current()).access_key_id == "A3"
        for content in ("[other]\n", "nonsense", "[default]\naws_access_key_id=A\n", "\xff"):
            path.write_text(content, encoding="latin-1")
            with pytest.raises(CallFailedError) as caught:
                await keys.current()
            assert caught.value.failure.kind is FailureKind.UNAUTHENTICATED

    asyncio.run(scenario())


def test_keys_come_from_the_instances_metadata_service(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(KeysEmulator()) as upstream:
            environment = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": upstream.url}
            assert issued(await current("aws:instance", environment))
            missing = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"), **environment}
            assert issued(await current("aws:default", missing))
            assert [one.method for one in upstream.seen[:3]] == ["PUT", "GET", "GET"]

    asyncio.run(scenario())


def test_keys_come_from_the_containers_service(tmp_path: Path) -> None:
    async def scenario() -> None:
        emulator = KeysEmulator(container_token="container-token")
        async with serving(emulator) as upstream:
            full = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{upstream.url}/v2/credentials/1?a=b"}
            there = {**full, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token"}
            assert issued(await current("aws:container", there))
            assert upstream.seen[0].path == "/v2/credentials/1?a=b"
            (tmp_path / "token").write_text("container-token\n")
            there = {**full, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token")}
            assert issued(await current("aws:container", there))
            with pytest.raises(CallFailedError):
                await current("aws:container", full)

    asyncio.run(scenario())


def test_keys_come_for_a_web_identity(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(KeysEmulator()) as upstream:
            (tmp_path / "token").write_text("token-of-the-cluster\n")
            environment = {
                "AWS_ENDPOINT_URL_STS": upstream.url,
                "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
                "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/gateway",
            }
            for reference in ("aws:web-identity", "aws:default"):
                assert issued(await current(reference, environment))
            (tmp_path / "token").write_text("expired")
            with pytest.raises(CallFailedError) as caught:
                await current("aws:web-identity", environment)
            assert caught.value.failure.kind is FailureKind.UNAUTHENTICATED

    asyncio.run(scenario())


def test_keys_that_end_are_fetched_in_time_and_once() -> None:
    now = [NOW]

    async def scenario() -> None:
        emulator = KeysEmulator(expiration="2027-01-15T09:00:00Z")  # an hour after NOW
        async with serving(emulator) as upstream:
            environment = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": upstream.url}
            keys = aws_keys("aws:instance", "eu-central-1", deps(environment, lambda: now[0]))
            found = await asyncio.gather(*(keys.current() for _ in range(20)))
            assert len({id(one) for one in found}) == 1
            assert len(upstream.seen) == 3
            await keys.current()
            assert len(upstream.seen) == 3

            # Soon over: still used, while new ones are fetched beside.
            now[0] += 3400
            emulator.expiration = "2027-01-15T10:00:00Z"
            assert await keys.current() is found[0]
            while len(upstream.seen) < 6:
                await asyncio.sleep(0.005)
            while await keys.current() is found[0]:
                await asyncio.sleep(0.005)
            assert len(upstream.seen) == 6

            # Over, and no new ones: a failure, and the next call tries again.
            now[0] += 7200
            emulator.expiration = "nonsense"
            for _ in range(2):
                with pytest.raises(CallFailedError):
                    await keys.current()
            await keys.close()

    asyncio.run(scenario())


def test_a_service_for_credentials_is_only_asked_where_aws_has_it() -> None:
    async def resolver(host: str, port: int) -> list[str]:
        return ["10.0.0.1"]

    async def scenario() -> None:
        environment = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://metadata.test"}
        given = ProviderDeps(
            observe=Observe(), dialects={}, environment=environment, resolver=resolver
        )
        keys = aws_keys("aws:instance", "eu-central-1", given)
        with pytest.raises(CallFailedError) as caught:
            await keys.current()
        assert caught.value.failure.code == "destination_refused"
        await keys.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("reference", ["aws:", "aws:nowhere", "aws:container", "aws:web-identity"])
def test_a_source_that_is_none_is_told_when_the_settings_are_read(reference: str) -> None:
    with pytest.raises(UsageError):
        aws_keys(reference, "eu-central-1", deps({}))


def test_answers_without_keys_are_failures() -> None:
    from aiohttp import web

    async def scenario() -> None:
        for body in (b"", b"[]", b"{}", b'{"Expiration": 1}', b'{"Expiration":"2030-01-01"}'):

            async def say(_: web.Request, body: bytes = body) -> web.StreamResponse:
                return web.Response(body=body)

            async with serving(KeysEmulator()) as upstream:
                upstream.faults.append(say)
                url = f"{upstream.url}/v2/credentials/1"
                with pytest.raises(CallFailedError) as caught:
                    await current("aws:container", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url})
                assert caught.value.failure.kind is FailureKind.UNAUTHENTICATED

    asyncio.run(scenario())

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sensorium.errors import UsageError
from sensorium.gateway.failure import CallFailedError, FailureKind
from sensorium.gateway.providers.bedrock.control import BedrockControl
from sensorium.gateway.providers.bedrock.endpoints import checked_region, endpoint
from sensorium.gateway.providers.config import Kind, ProviderConfig
from sensorium.gateway.providers.deps import ProviderDeps
from sensorium.observe import Observe
from tests.gateway.providers.conftest import Run
from tests.gateway.providers.kinds import CASES
from tests.gateway.upstreams.bedrock import BedrockEmulator
from tests.gateway.upstreams.server import serving

PROFILE = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.echo-v1:0"


def control(url: str, *, key: str = "", **given: Any) -> BedrockControl:
    environment = {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": key or BedrockEmulator().key,
        "AWS_ENDPOINT_URL_STS": url,
        "BEDROCK_KEY": "api-key-1",
    }
    config = ProviderConfig(
        name="tested",
        kind=Kind.BEDROCK,
        region="eu-central-1",
        allow_private_destinations=True,
        **{"credential": "aws:env", **given},
    )
    deps = ProviderDeps(observe=Observe(), dialects={}, environment=environment)
    return BedrockControl(config, deps, base_url=url)


def test_an_accounts_own_settings_are_read(run: Run) -> None:
    settings = {
        "/logging/modelinvocations": {"loggingConfig": {"textDataDeliveryEnabled": True}},
        "/data-retention": {"mode": "none"},
        "/inference-profiles": {"inferenceProfileSummaries": []},
        "/foundation-models/echo-v1%3A0": {"modelDetails": {"modelId": "echo-v1:0"}},
        "/inference-profiles/" + PROFILE.replace(":", "%3A").replace("/", "%2F"): {"models": []},
    }

    async def scenario() -> None:
        async with serving(BedrockEmulator(settings=settings)) as upstream:
            one = control(upstream.url)
            logging = await one.invocation_logging()
            assert logging["loggingConfig"]["textDataDeliveryEnabled"] is True
            assert await one.data_retention() == {"mode": "none"}
            assert await one.inference_profiles() == {"inferenceProfileSummaries": []}
            assert (await one.foundation_model("echo-v1:0"))["modelDetails"]
            assert await one.inference_profile(PROFILE) == {"models": []}
            account, arn = await one.caller()
            assert account == "123456789012"
            assert arn.startswith("arn:aws:sts::123456789012:")
            assert {seen.method for seen in upstream.seen} == {"GET", "POST"}
            await one.close()

    run(scenario())


def test_what_cannot_be_read_is_a_failure_that_tells_no_key(run: Run) -> None:
    async def scenario() -> None:
        async with serving(BedrockEmulator()) as upstream:
            one = control(upstream.url)
            with pytest.raises(CallFailedError) as caught:
                await one.data_retention()
            assert caught.value.failure.kind is FailureKind.NOT_FOUND
            assert caught.value.failure.code == "ResourceNotFoundException"
            await one.close()

            one = control(upstream.url, key="planted-secret")
            for asked in (one.invocation_logging, one.caller):
                with pytest.raises(CallFailedError) as caught:
                    await asked()
                assert caught.value.failure.kind is FailureKind.UNAUTHENTICATED
                assert "planted" not in repr(caught.value.failure)
            await one.close()

    run(scenario())


def test_an_api_key_reads_settings_and_cannot_say_whose_it_is(run: Run) -> None:
    async def scenario() -> None:
        emulator = BedrockEmulator(
            api_key="api-key-1", settings={"/data-retention": {"mode": "none"}}
        )
        async with serving(emulator) as upstream:
            one = control(upstream.url, credential="env:BEDROCK_KEY")
            assert await one.data_retention() == {"mode": "none"}
            with pytest.raises(CallFailedError):
                await one.caller()
            await one.close()

    run(scenario())


def test_a_bedrock_api_key_authorises_calls(run: Run) -> None:
    async def scenario() -> None:
        async with serving(BedrockEmulator(api_key="api-key-1")) as upstream:
            case = CASES["bedrock"]
            provider = case.make(
                upstream.url, credential="env:KEY", environment={"KEY": "api-key-1"}
            )
            got = await provider.send(case.call())
            assert b"was told: hello" in await got.body()
            await provider.close()

    run(scenario())


@pytest.mark.parametrize("model", ["", "..", ".", "../../x", "a b", "a?b", "a#b", "a%2Fb", "é"])
def test_a_models_name_cannot_lead_to_another_path(model: str) -> None:
    async def scenario() -> None:
        async with serving(BedrockEmulator()) as upstream:
            case = CASES["bedrock"]
            provider = case.make(upstream.url)
            with pytest.raises(CallFailedError) as caught:
                await provider.send(case.call(model=model))
            assert caught.value.failure.kind is FailureKind.BAD_REQUEST
            assert upstream.seen == []
            await provider.close()

    asyncio.run(scenario())


def test_regions_have_their_partitions_names() -> None:
    assert endpoint("bedrock-runtime", "us-east-1") == (
        "https://bedrock-runtime.us-east-1.amazonaws.com"
    )
    assert endpoint("bedrock", "cn-north-1").endswith(".cn-north-1.amazonaws.com.cn")
    assert endpoint("sts", "us-gov-west-1") == "https://sts.us-gov-west-1.amazonaws.com"
    assert endpoint("bedrock", "eusc-de-east-1").endswith(".amazonaws.eu")
    for region in ("us-east-1", "us-gov-west-1", "eusc-de-east-1", "us-isob-east-1"):
        assert checked_region(region) == region
    for bad in ("", "us-east-1.evil.test/", "us-east-1@x", "US-EAST-1", "us_east_1"):
        with pytest.raises(UsageError, match="Region"):
            checked_region(bad)


def test_endpoints_are_those_that_botocore_knows() -> None:
    import boto3

    for region in ("us-east-1", "eu-central-1", "us-gov-west-1"):
        for service in ("bedrock", "bedrock-runtime"):
            client = boto3.client(
                service, region_name=region, aws_access_key_id="a", aws_secret_access_key="b"
            )
            assert client.meta.endpoint_url == endpoint(service, region)

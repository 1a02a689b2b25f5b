"""The check against a server that speaks as AWS does, by the gateway's own signed client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import boto3
import pytest

from sensorium.component import HealthState
from sensorium.gateway.dialects.registry import DIALECTS
from sensorium.gateway.privacy.config import PolicyConfig, PrivacyConfig
from sensorium.gateway.privacy.facts import Destination
from sensorium.gateway.privacy.policy import Allowed, Denied
from sensorium.gateway.privacy.verifier import Verifier
from sensorium.gateway.providers.bedrock.control import BedrockControl
from sensorium.gateway.providers.config import Kind, ProviderConfig
from sensorium.gateway.providers.deps import ProviderDeps
from sensorium.observe import Observe
from sensorium.observe.testing import RecordingObserve
from tests.gateway.upstreams.bedrock import BedrockEmulator
from tests.gateway.upstreams.server import serving

PROFILE = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
GLOBAL = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"
MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
OWN = "arn:aws:bedrock:eu-central-1:123456789012"
HOST = "bedrock-runtime.eu-central-1.amazonaws.com"


def profile(name: str, *regions: str, **more: Any) -> dict[str, Any]:
    arns = [f"arn:aws:bedrock:{one}::foundation-model/{name.partition('.')[2]}" for one in regions]
    return {
        "inferenceProfileName": name,
        "inferenceProfileArn": f"{OWN}:inference-profile/{name}",
        "inferenceProfileId": name,
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
        "models": [{"modelArn": arn} for arn in arns],
        **more,
    }


def settings() -> dict[str, Any]:
    return {
        "/data-retention": {"mode": "none", "updatedAt": "2026-01-01T00:00:00Z"},
        "/logging/modelinvocations": {},
        f"/inference-profiles/{quote(PROFILE, safe='')}": profile(
            PROFILE, "eu-central-1", "eu-west-1"
        ),
        f"/inference-profiles/{quote(GLOBAL, safe='')}": profile(GLOBAL, "eu-central-1", ""),
        f"/foundation-models/{quote(MODEL, safe='')}": {"modelDetails": {"modelId": MODEL}},
    }


POLICY = PolicyConfig(
    name="restricted",
    accounts=("123456789012",),
    regions=("eu-central-1", "eu-west-1"),
    profile_prefixes=("eu.", "global."),
)
MODELS = {
    "eu": PROFILE,
    "global": GLOBAL,
    "alone": MODEL,
    "unheard-of": "eu.anthropic.unheard-of",
    "elsewhere": f"arn:aws:bedrock:us-east-1::foundation-model/{MODEL}",
    "custom": "arn:aws:bedrock:eu-central-1:123456789012:custom-model/x/y",
    "foreign": "arn:aws:bedrock:eu-central-1:999999999999:provisioned-model/z",
}
DESTINATIONS = [
    *(Destination(k, "aws", "bedrock", m, "eu-central-1", HOST) for k, m in MODELS.items()),
    Destination("openai", "openai", "openai", "gpt", host="api.openai.example"),
    Destination("here", "here", "local", "gemma"),
]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def control(emulator: BedrockEmulator) -> AsyncIterator[BedrockControl]:
    async with serving(emulator):
        deps = ProviderDeps(
            observe=Observe(),
            dialects=DIALECTS,
            environment={
                "AWS_ACCESS_KEY_ID": emulator.key_id,
                "AWS_SECRET_ACCESS_KEY": "aws-secret-0123456789/abc+def",
                "AWS_ENDPOINT_URL_STS": emulator.url,
            },
        )
        config = ProviderConfig(
            name="aws",
            kind=Kind.BEDROCK,
            credential="aws:env",
            region="eu-central-1",
            allow_private_destinations=True,
        )
        made = BedrockControl(config, deps, base_url=emulator.url)
        try:
            yield made
        finally:
            await made.close()


def decisions(
    change: Callable[[BedrockEmulator], None] = lambda emulator: None, **config: Any
) -> dict[str, Allowed | Denied]:
    async def run() -> dict[str, Allowed | Denied]:
        emulator = BedrockEmulator(settings=settings())
        change(emulator)
        async with control(emulator) as asked:
            made = PrivacyConfig(policies=(POLICY,), **config)
            verifier = Verifier(made, DESTINATIONS, {"aws": asked}, Clock(), Observe())
            await verifier.check()
            return {one.label: verifier.allows(one.label, "restricted") for one in DESTINATIONS}

    return asyncio.run(run())


def test_only_what_stays_where_the_policy_says_is_allowed() -> None:
    found = decisions()
    allowed = {label for label, one in found.items() if isinstance(one, Allowed)}
    assert allowed == {"eu", "alone", "custom", "here"}
    reasons = {label: one.reason for label, one in found.items() if isinstance(one, Denied)}
    assert "Regions that are not named" in reasons["global"]
    assert "us-east-1" in reasons["elsewhere"]
    assert "999999999999" in reasons["foreign"]
    assert "knows no inference profile" in reasons["unheard-of"]
    assert "nothing can be checked" in reasons["openai"]


def changed(path: str, value: Any) -> Callable[[BedrockEmulator], None]:
    def change(emulator: BedrockEmulator) -> None:
        if value is None:
            del emulator.settings[path]
        else:
            emulator.settings[path] = value

    return change


BEDROCK = set(MODELS)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (changed("/data-retention", {"mode": "inherit"}), "inherit"),
        (changed("/data-retention", {"mode": "provider_data_share"}), "provider_data_share"),
        (changed("/data-retention", {}), "data retention"),
        (changed("/data-retention", {"mode": 7}), "data retention"),
        (changed("/data-retention", None), "not known"),
        (changed("/data-retention", ["none"]), "not known"),
        (changed("/logging/modelinvocations", None), "not known"),
        (
            changed(
                "/logging/modelinvocations",
                {"loggingConfig": {"textDataDeliveryEnabled": True, "s3Config": {}}},
            ),
            "logs",
        ),
        (lambda emulator: setattr(emulator, "account", "999999999999"), "999999999999"),
        (lambda emulator: setattr(emulator, "key", "another"), "not known"),
        (lambda emulator: emulator.settings.clear(), "not known"),
    ],
)
def test_an_account_that_is_not_as_the_policy_says_or_not_known_is_refused(
    change: Callable[[BedrockEmulator], None], reason: str
) -> None:
    found = decisions(change)
    for label in BEDROCK:
        one = found[label]
        assert isinstance(one, Denied), label
        if label == "eu":
            assert reason in one.reason
    assert isinstance(found["here"], Allowed)


@pytest.mark.parametrize(
    "answer",
    [
        profile(PROFILE, "eu-central-1", "us-east-1"),
        profile(PROFILE),
        profile(PROFILE, "eu-central-1", status="CREATING"),
        profile(PROFILE, "eu-central-1", models="all"),
        profile(PROFILE, "eu-central-1", models=[{"modelArn": "arn:aws:s3:::bucket"}]),
        profile(PROFILE, "eu-central-1", models=[None]),
        {},
    ],
)
def test_an_inference_profile_that_leads_elsewhere_or_nowhere_is_refused(answer: Any) -> None:
    path = f"/inference-profiles/{quote(PROFILE, safe='')}"
    found = decisions(changed(path, answer))
    assert isinstance(found["eu"], Denied)
    assert isinstance(found["alone"], Allowed)


def test_a_check_that_is_too_old_or_fails_counts_no_more() -> None:
    async def run() -> None:
        clock = Clock()
        emulator = BedrockEmulator(settings=settings())
        async with control(emulator) as asked:
            config = PrivacyConfig(policies=(POLICY,), check_every_s=300, valid_s=900)
            verifier = Verifier(config, DESTINATIONS, {"aws": asked}, clock, Observe())
            assert isinstance(verifier.allows("eu", "restricted"), Denied)
            await verifier.check()
            assert isinstance(verifier.allows("eu", "restricted"), Allowed)
            clock.now += 901
            assert isinstance(verifier.allows("eu", "restricted"), Denied)
            await verifier.check()
            assert isinstance(verifier.allows("eu", "restricted"), Allowed)
            emulator.settings["/data-retention"] = {"mode": "provider_data_share"}
            await verifier.check()
            assert isinstance(verifier.allows("eu", "restricted"), Denied)
            emulator.settings.clear()
            await verifier.check()
            assert verifier.health().state is HealthState.DEGRADED

    asyncio.run(run())


def test_it_checks_again_and_again_and_says_what_changed_once() -> None:
    async def run() -> None:
        observe = RecordingObserve()
        emulator = BedrockEmulator(settings=settings())
        async with control(emulator) as asked:
            config = PrivacyConfig(policies=(POLICY,), check_every_s=1)
            only = [one for one in DESTINATIONS if one.label == "eu"]
            verifier = Verifier(config, only, {"aws": asked}, Clock(), observe)
            task = asyncio.create_task(verifier.run())
            name = "sensorium_gateway_privacy_checks_total"
            async with asyncio.timeout(30):
                while observe.value(name, {"outcome": "known"}) < 2:
                    await asyncio.sleep(0.02)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert observe.events == ["account checked"]

    asyncio.run(run())


def test_a_class_without_a_policy_goes_nowhere_and_data_without_a_class_anywhere() -> None:
    verifier = Verifier(PrivacyConfig(), DESTINATIONS, {}, Clock(), Observe())
    assert isinstance(verifier.allows("here", "restricted"), Denied)
    assert isinstance(verifier.allows("openai", ""), Allowed)
    assert verifier.policy("restricted") is None


def test_a_deployment_that_nobody_can_be_asked_about_is_refused() -> None:
    verifier = Verifier(PrivacyConfig(policies=(POLICY,)), DESTINATIONS, {}, Clock(), Observe())
    asyncio.run(verifier.check())
    assert isinstance(verifier.allows("eu", "restricted"), Denied)
    assert isinstance(verifier.allows("not-there", "restricted"), Denied)


def test_a_name_that_stands_for_two_places_is_refused() -> None:
    here = Destination("primary", "here", "local", "gemma")
    there = Destination("primary", "openai", "openai", "gpt", host="api.openai.example")
    config = PrivacyConfig(policies=(POLICY,))
    for places in ((here, there), (there, here)):
        verifier = Verifier(config, places, {}, Clock(), Observe())
        assert isinstance(verifier.allows("primary", "restricted"), Denied)
    same = Verifier(config, (here, here), {}, Clock(), Observe())
    assert isinstance(same.allows("primary", "restricted"), Allowed)


def test_boto3_reads_the_same_answers() -> None:
    async def run() -> None:
        emulator = BedrockEmulator(settings=settings())
        async with serving(emulator):
            client = boto3.client(
                "bedrock",
                region_name="eu-central-1",
                endpoint_url=emulator.url,
                aws_access_key_id=emulator.key_id,
                aws_secret_access_key=emulator.key,
            )
            mode = await asyncio.to_thread(client.get_account_data_retention)
            found = await asyncio.to_thread(
                client.get_inference_profile, inferenceProfileIdentifier=PROFILE
            )
        assert mode["mode"] == "none"
        assert found["models"][1]["modelArn"].split(":")[3] == "eu-west-1"

    asyncio.run(run())

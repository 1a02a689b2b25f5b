from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sensorium.gateway.privacy.config import PolicyConfig, PrivacyConfig, Retention
from sensorium.gateway.privacy.facts import Account, Checked, Destination, Reach
from sensorium.gateway.privacy.policy import Allowed, Denied, PrivacyPolicy

EU = ("eu-central-1", "eu-west-1")
CONFIG = PolicyConfig(
    name="restricted",
    accounts=("123456789012",),
    regions=EU,
    profile_prefixes=("eu.",),
)
DESTINATION = Destination(
    "eu/claude",
    "bedrock-eu",
    "bedrock",
    "eu.anthropic.claude-sonnet",
    "eu-central-1",
    "bedrock-runtime.eu-central-1.amazonaws.com",
)
ACCOUNT = Account("123456789012", "arn:aws:sts::123456789012:x", "none", logs=False)
REACH = Reach(EU, "eu.anthropic.claude-sonnet", "SYSTEM_DEFINED")
CHECKED = Checked(1.0, ACCOUNT, REACH)


def judged(
    config: PolicyConfig = CONFIG,
    destination: Destination = DESTINATION,
    checked: Checked | None = CHECKED,
) -> Allowed | Denied:
    return PrivacyPolicy(config).allows(destination, checked)


def test_what_the_policy_names_is_allowed_and_says_on_what_that_rests() -> None:
    allowed = judged()
    assert isinstance(allowed, Allowed)
    assert allowed.basis["account"] == "123456789012"
    assert allowed.basis["reaches"] == list(EU)
    assert allowed.basis["retention"] == "none"
    assert allowed.basis["checked_at"] == 1.0


def account(**more: Any) -> Checked:
    return replace(CHECKED, account=replace(ACCOUNT, **more))


def reach(**more: Any) -> Checked:
    return replace(CHECKED, reach=replace(REACH, **more))


@pytest.mark.parametrize(
    ("checked", "reason"),
    [
        (None, "not checked yet"),
        (Checked(1.0, unknown="AWS refused"), "AWS refused"),
        (Checked(1.0, ACCOUNT), "not known"),
        (Checked(1.0, None, REACH), "not known"),
        (account(number="999999999999"), "999999999999"),
        (account(retention="inherit"), "inherit"),
        (account(retention="provider_data_share"), "provider_data_share"),
        (account(retention="something_new"), "something_new"),
        (account(logs=True), "logs"),
        (reach(regions=(*EU, "us-east-1")), "us-east-1"),
        (reach(regions=("", *EU)), "not named"),
        (reach(regions=()), "not named"),
        (reach(profile="global.anthropic.claude"), "global.anthropic"),
        (reach(profile="", defined_by=""), "another Region than the endpoint"),
        (reach(account="999999999999"), "999999999999"),
    ],
)
def test_whatever_is_not_known_to_be_allowed_is_denied(
    checked: Checked | None, reason: str
) -> None:
    denied = judged(checked=checked)
    assert isinstance(denied, Denied)
    assert reason in denied.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"region": "us-east-1"}, "us-east-1"),
        ({"region": ""}, "Region"),
        ({"host": "bedrock-runtime.us-east-1.amazonaws.com"}, "no endpoint"),
        ({"host": "bedrock-runtime.eu-central-1.amazonaws.com.evil.example"}, "no endpoint"),
        ({"host": "10.0.0.1"}, "no endpoint"),
        ({"kind": "openai"}, "kind openai"),
        ({"kind": "anthropic"}, "kind anthropic"),
    ],
)
def test_another_place_is_denied(change: dict[str, str], reason: str) -> None:
    denied = judged(destination=replace(DESTINATION, **change))
    assert isinstance(denied, Denied)
    assert reason in denied.reason


def test_where_vpc_endpoints_are_named_the_public_ones_are_denied() -> None:
    host = "vpce-1a2b.bedrock-runtime.eu-central-1.vpce.amazonaws.com"
    config = replace(CONFIG, vpc_endpoints=(host,))
    assert isinstance(judged(config), Denied)
    assert isinstance(judged(config, replace(DESTINATION, host=host.upper())), Allowed)


def test_a_model_by_itself_needs_no_prefix() -> None:
    config = replace(CONFIG, profile_prefixes=())
    assert isinstance(judged(config), Denied)
    alone = replace(CHECKED, reach=Reach(("eu-central-1",)))
    assert isinstance(judged(config, checked=alone), Allowed)


def test_an_application_profile_goes_by_its_regions() -> None:
    own = Reach(("eu-west-1",), "a1b2c3", "APPLICATION", "123456789012")
    assert isinstance(judged(checked=replace(CHECKED, reach=own)), Allowed)
    outside = replace(own, regions=("us-west-2",))
    assert isinstance(judged(checked=replace(CHECKED, reach=outside)), Denied)


def test_logging_and_retention_are_allowed_by_name() -> None:
    config = replace(CONFIG, invocation_logging=True, retention=(Retention.INHERIT,))
    assert isinstance(judged(config, checked=account(logs=True, retention="inherit")), Allowed)


def test_a_local_model_is_the_strictest_tenancy() -> None:
    local = Destination("here", "laptop", "local", "gemma")
    strict = PolicyConfig(name="secret", local_only=True)
    assert isinstance(judged(strict, local, None), Allowed)
    assert isinstance(judged(CONFIG, local, None), Allowed)
    assert isinstance(judged(replace(CONFIG, local_only=True)), Denied)


def test_a_server_of_ones_own_is_vouched_for_and_that_is_said() -> None:
    own = Destination("own", "vllm", "openai", "m", host="llm.corp.example")
    allowed = judged(replace(CONFIG, own_hosts=("llm.corp.example",)), own, None)
    assert isinstance(allowed, Allowed)
    assert allowed.basis == {"place": "llm.corp.example", "vouched": True}


def test_settings_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(ValueError, match="same class"):
        PrivacyConfig(policies=(CONFIG, CONFIG))
    with pytest.raises(ValueError, match="valid_s"):
        PrivacyConfig(check_every_s=100, valid_s=10)

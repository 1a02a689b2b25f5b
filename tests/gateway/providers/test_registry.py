from __future__ import annotations

import subprocess
import sys

import pytest

from sensorium.config.build import build
from sensorium.config.document import read_yaml
from sensorium.config.problems import SettingsError
from sensorium.errors import UsageError
from sensorium.gateway.dialects.registry import DIALECTS
from sensorium.gateway.providers.config import ExtraHeader, Kind, ProviderConfig
from sensorium.gateway.providers.deps import ProviderDeps
from sensorium.gateway.providers.registry import make_provider
from sensorium.observe import Observe

DEPS = ProviderDeps(observe=Observe(), dialects=DIALECTS, environment={"HOME": "/nonexistent"})
GIVEN = {
    Kind.AZURE: {"base_url": "https://team.openai.azure.com"},
    Kind.BEDROCK: {"region": "eu-central-1", "credential": "aws:env"},
}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_made_from_settings_alone(kind: Kind) -> None:
    provider = make_provider(ProviderConfig(name="one", kind=kind, **GIVEN.get(kind, {})), DEPS)
    assert provider.kind == kind.value
    assert provider.dialect is DIALECTS[provider.dialect.name]


@pytest.mark.parametrize(
    "given",
    [
        {"kind": Kind.AZURE},
        {"kind": Kind.BEDROCK},
        {"kind": Kind.BEDROCK, "region": "x"},
        {"base_url": "http://models.test/v1"},
        {"base_url": "https://user:pass@models.test/v1"},
        {"credential": "sk-pasted"},
        {"ca_file": "/nonexistent.pem"},
    ],
)
def test_settings_that_cannot_work_are_told_before_anything_runs(given: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        make_provider(ProviderConfig(name="one", **given), DEPS)


def test_settings_are_read_strictly() -> None:
    text = (
        "name: frankfurt\nkind: bedrock\nregion: eu-central-1\ncredential: aws:default\n"
        "base_url: https://vpce-1.bedrock-runtime.eu-central-1.vpce.amazonaws.com\n"
        "allow_private_destinations: true\nconnect_timeout_s: 2s\n"
        "headers:\n  - {name: X-Team, value: network}\n"
    )
    found = build(ProviderConfig, read_yaml(text, "gateway.yaml"))
    assert (found.kind, found.connect_timeout_s) == (Kind.BEDROCK, 2.0)
    assert found.headers == (ExtraHeader(name="X-Team", value="network"),)
    for wrong in ("kind: other\n", "api_key: sk-1\n", "headers: [{name: Host, value: x}]\n"):
        with pytest.raises(SettingsError):
            build(ProviderConfig, read_yaml(f"name: one\n{wrong}", "gateway.yaml"))


@pytest.mark.parametrize("name", ["Host", "content-length", "Authorization", "x-api-key"])
def test_headers_of_the_transport_and_of_credentials_are_not_for_settings(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be set here"):
        ExtraHeader(name=name, value="x")


def test_loading_the_registry_loads_no_provider_and_nothing_heavy() -> None:
    code = (
        "import sys, sensorium.gateway.providers.registry\n"
        "heavy = {'litellm', 'xllamacpp', 'botocore', 'boto3', 'openai', 'aiohttp', 'httpx'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from sensorium.cli.gateway.import_command import import_command
from sensorium.config import load_tree
from sensorium.errors import SensoriumError, UsageError
from sensorium.gateway.config import GatewaySettings
from sensorium.gateway.importing.litellm import Imported, import_litellm

FULL = """
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: azure/gpt-4o-eu
      api_base: https://corp-eu.openai.azure.com/
      api_key: os.environ/AZURE_EU_KEY
      api_version: "2024-02-01"
      rpm: 480
      max_tokens: 2000
    model_info: {base_model: azure/gpt-4o, id: one}
  - model_name: gpt-4o
    litellm_params:
      model: gpt-4o
      api_key: sk-verysecret1234567890
      organization: org-1
      weight: 2
  - model_name: claude
    litellm_params: {model: anthropic/claude-sonnet-4-5, api_base: "https://api.anthropic.com"}
  - model_name: claude-eu
    litellm_params:
      model: bedrock/converse/eu.anthropic.claude-sonnet-4-5-20250929-v1:0
      aws_region_name: eu-central-1
      aws_access_key_id: os.environ/AWS_ACCESS_KEY_ID
      aws_secret_access_key: os.environ/AWS_SECRET_ACCESS_KEY
  - model_name: flash
    litellm_params: {model: gemini/gemini-2.5-flash, api_key: os.environ/GEMINI_API_KEY}
  - model_name: local
    litellm_params: {model: ollama/llama3.2}
  - model_name: vllm
    litellm_params: {model: hosted_vllm/qwen, api_base: "http://10.1.2.3:8000"}
  - model_name: fast
    litellm_params: {model: groq/llama-3.3-70b, api_key: os.environ/GROQ_API_KEY, temperature: 0.2}
  - model_name: "*"
    litellm_params: {model: "openai/*"}
litellm_settings:
  fallbacks: [{gpt-4o: [claude, gone]}]
  context_window_fallbacks: [{gpt-4o: [flash]}]
  drop_params: true
  cache: true
  cache_params: {type: redis, ttl: 600, host: redis.corp, password: hush-hush}
  success_callback: [langfuse]
  max_budget: 100
router_settings:
  routing_strategy: latency-based-routing
  num_retries: 2
  allowed_fails: 4
  cooldown_time: 30
  timeout: 120
  model_group_alias: {gpt-4: gpt-4o}
  redis_password: hush-hush
general_settings:
  master_key: sk-master-0987654321
  database_url: postgresql://u:hush-hush@db/x
guardrails:
  - guardrail_name: PII
    litellm_params:
      guardrail: presidio
      mode: [pre_call, post_call]
      default_on: true
      pii_entities_config: {CREDIT_CARD: MASK, EMAIL_ADDRESS: MASK, PERSON: BLOCK, AU_ABN: MASK}
      presidio_language: de
      presidio_score_thresholds: {ALL: 0.7, PERSON: 0.9}
  - guardrail_name: keys
    litellm_params: {guardrail: hide-secrets, mode: pre_call, default_on: true}
  - guardrail_name: asked
    litellm_params: {guardrail: hide-secrets, mode: pre_call}
  - guardrail_name: lakera
    litellm_params: {guardrail: lakera_v2, mode: during_call, default_on: true}
environment_variables: {LANGFUSE_SECRET_KEY: hush-hush}
"""
SECRETS = ("sk-verysecret1234567890", "sk-master-0987654321", "hush-hush")


def settings_of(imported: Imported, folder: Path) -> GatewaySettings:
    """As `sensorium gateway run` would read it, strictly."""
    file = folder / "gateway.yaml"
    file.write_text(imported.settings_yaml, encoding="utf-8")
    return load_tree(GatewaySettings, file, {}, "NONE__")


def notes(imported: Imported) -> dict[str, str]:
    return {note.path: note.message for note in imported.notes}


def test_a_server_of_ones_own_has_the_key_that_is_set_where_the_file_is_read(
    tmp_path: Path,
) -> None:
    environment = {"HOSTED_VLLM_API_KEY": "anything"}
    made = settings_of(import_litellm(FULL, environment), tmp_path)
    (server,) = [one for one in made.providers if one.name == "hosted_vllm"]
    assert server.credential == "env:HOSTED_VLLM_API_KEY"


def test_providers_are_carried_over_and_read_strictly(tmp_path: Path) -> None:
    made = settings_of(import_litellm(FULL), tmp_path)
    providers = {one.name: one for one in made.providers}
    assert set(providers) == {
        "azure",
        "openai",
        "anthropic",
        "bedrock",
        "gemini",
        "ollama",
        "hosted_vllm",
        "groq",
    }
    azure = providers["azure"]
    assert (azure.kind.value, azure.base_url, azure.credential, azure.api_version) == (
        "azure",
        "https://corp-eu.openai.azure.com",
        "env:AZURE_EU_KEY",
        "2024-02-01",
    )
    assert providers["openai"].credential == "env:OPENAI_API_KEY"
    assert providers["openai"].headers[0].value == "org-1"
    assert providers["anthropic"].base_url == "https://api.anthropic.com/v1"
    assert (providers["bedrock"].region, providers["bedrock"].credential) == (
        "eu-central-1",
        "aws:env",
    )
    assert providers["ollama"].base_url == "http://localhost:11434/v1"
    assert providers["hosted_vllm"].base_url == "http://10.1.2.3:8000/v1"
    assert providers["hosted_vllm"].allow_private_destinations
    assert providers["hosted_vllm"].credential == "", "it asks for none"
    assert not providers["azure"].allow_private_destinations
    assert providers["groq"].kind.value == "litellm"


def test_models_and_how_they_are_routed_are_carried_over(tmp_path: Path) -> None:
    made = settings_of(import_litellm(FULL), tmp_path)
    models = {one.name: one for one in made.models}
    assert set(models) == {
        "gpt-4o",
        "gpt-4",
        "claude",
        "claude-eu",
        "flash",
        "local",
        "vllm",
        "fast",
    }
    gpt = models["gpt-4o"]
    assert [(one.provider, one.model, one.weight) for one in gpt.deployments] == [
        ("azure", "gpt-4o-eu", 1.0),
        ("openai", "gpt-4o", 2.0),
    ]
    assert gpt.deployments[0].max_output_tokens == 2000
    assert gpt.deployments[0].price_as == "gpt-4o"
    assert models["fast"].deployments[0].model == "groq/llama-3.3-70b"
    assert models["claude-eu"].deployments[0].model.startswith("eu.anthropic.")
    assert gpt.strategy.value == "lowest_latency"
    assert (gpt.attempts, gpt.deadline_s) == (3, 120.0)
    assert [([kind.value for kind in one.on], one.to) for one in gpt.fallbacks[1:]] == [
        (["context_too_long"], ("flash",))
    ]
    assert gpt.fallbacks[0].to == ("claude",)
    assert models["gpt-4"].deployments == gpt.deployments


def test_cooldown_cache_and_guardrails_are_carried_over(tmp_path: Path) -> None:
    made = settings_of(import_litellm(FULL), tmp_path)
    assert (made.cooldown.failures, made.cooldown.first_s) == (5, 30.0)
    assert made.cache.enabled
    assert made.cache.ttl_seconds == 600
    (pii,) = made.guardrails.personal_data
    assert (pii.name, pii.action.value, pii.kinds) == ("pii", "mask", ("CARD", "EMAIL"))
    (names,) = made.guardrails.named_entities
    assert (names.name, names.action.value, names.entities) == ("pii-names", "block", ("PERSON",))
    assert (names.model, names.language, names.threshold) == ("de_core_news_lg", "de", 0.7)
    (secrets,) = made.guardrails.secrets
    assert [one.value for one in secrets.stages] == ["before"]


def test_what_was_not_carried_over_is_said_with_its_place() -> None:
    said = notes(import_litellm(FULL))
    for path in (
        "model_list[0].litellm_params.rpm",
        "model_list[1].litellm_params.api_key",
        "model_list[7].litellm_params.temperature",
        "model_list[8]",
        "litellm_settings.fallbacks",
        "litellm_settings.drop_params",
        "litellm_settings.max_budget",
        "litellm_settings.cache_params.type",
        "litellm_settings.cache_params.host",
        "router_settings.redis_password",
        "general_settings.master_key",
        "guardrails[0].pii_entities_config",
        "guardrails[0].presidio_score_thresholds",
        "guardrails[2]",
        "guardrails[3]",
        "environment_variables.LANGFUSE_SECRET_KEY",
    ):
        assert path in said, sorted(said)
    assert "AU_ABN" in said["guardrails[0].pii_entities_config"]
    assert "spacy download de_core_news_lg" in said["guardrails[0]"]


def test_no_secret_of_the_file_is_copied_anywhere() -> None:
    imported = import_litellm(FULL, {"AZURE_EU_KEY": "hush-hush"})
    everything = imported.settings_yaml + str(imported.notes)
    assert [secret for secret in SECRETS if secret in everything] == []


def entry(**params: Any) -> str:
    return yaml.safe_dump({"model_list": [{"model_name": "m", "litellm_params": params}]})


def test_addresses_come_from_the_environment_where_the_file_says_so(tmp_path: Path) -> None:
    text = entry(model="azure/x", api_base="os.environ/BASE")
    with_it = settings_of(import_litellm(text, {"BASE": "https://a.openai.azure.com"}), tmp_path)
    assert with_it.providers[0].base_url == "https://a.openai.azure.com"
    without = import_litellm(text)
    assert "BASE is not set here" in notes(without)["model_list[0].litellm_params.api_base"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://user:hush-hush@host/v1", "no URL"),
        ("file:///etc/passwd", "no URL"),
        ("http://[::1", "no URL"),
        ("http://llm.example.org/v1", "private destination"),
        ("https://192.168.1.4/v1", "private destination"),
        ("https://vllm/v1", "private destination"),
    ],
)
def test_addresses_that_need_a_look_are_said(url: str, said: str) -> None:
    imported = import_litellm(entry(model="openai/x", api_base=url))
    assert said in notes(imported)["model_list[0].litellm_params.api_base"]
    assert "hush-hush" not in imported.settings_yaml + str(imported.notes)


def test_headers_that_may_hold_a_credential_are_not_copied() -> None:
    headers = {"x-api-key": "hush-hush", "Authorization": "hush-hush", "x-team": "blue"}
    imported = import_litellm(entry(model="openai/x", extra_headers=headers))
    assert "hush-hush" not in imported.settings_yaml + str(imported.notes)
    assert "blue" in imported.settings_yaml


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a mapping"),
        ("- a", "not a mapping"),
        ("a: [", "line"),
        ("a: !!python/object/apply:os.system ['true']", "line 1"),
        ("a: !!python/name:os.system", "line 1"),
        ("a: &a [*a]", "part of"),
        ("[" * 60 + "]" * 60, "deep"),
        ("a: " + "[" * 20_000, "deep"),
        ("a: 2024-99-99", "ValueError"),
        ("a: 1\n---\nb: 2", "plain YAML"),
        ("a: \x00", "plain YAML"),
        ("x" * (2 * 1024 * 1024 + 1), "longer"),
        (
            "a: &a [1,1,1,1,1,1,1,1,1]\n"
            + "\n".join(
                f"{name}: &{name} [{','.join(['*' + before] * 9)}]"
                for before, name in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            "too many",
        ),
    ],
)
def test_hostile_files_are_refused_clearly(text: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        import_litellm(text)
    assert said in refused.value.message
    assert refused.value.unaffected == "nothing was written"


JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
PARAMS = st.fixed_dictionaries(
    {},
    optional={
        name: st.one_of(JUNK, st.sampled_from(values))
        for name, values in {
            "model": ["openai/x", "bedrock/y", "azure/z", "gpt-4o", "weird/w/v", "ollama/é"],
            "api_base": ["https://a.example/v1", "http://localhost:1", "os.environ/X"],
            "api_key": ["os.environ/K", "sk-1"],
            "custom_llm_provider": ["openai", "groq"],
            "weight": [1, -1, "2"],
            "max_tokens": [10],
            "extra_headers": [{"x": "y"}],
            "aws_region_name": ["eu-west-1"],
        }.items()
    },
)
FILES = st.fixed_dictionaries(
    {},
    optional={
        "model_list": st.one_of(
            JUNK,
            st.lists(
                st.fixed_dictionaries(
                    {
                        "model_name": st.one_of(JUNK, st.sampled_from(["a", "b", "a b"])),
                        "litellm_params": PARAMS,
                    }
                ),
                max_size=3,
            ),
        ),
        "router_settings": st.one_of(
            JUNK,
            st.fixed_dictionaries(
                {},
                optional={
                    "fallbacks": st.one_of(JUNK, st.just([{"a": ["b", "c"], "*": "a"}])),
                    "num_retries": JUNK,
                    "timeout": JUNK,
                    "cooldown_time": JUNK,
                    "allowed_fails": JUNK,
                    "model_group_alias": st.one_of(JUNK, st.just({"c": "a"})),
                },
            ),
        ),
        "guardrails": st.one_of(
            JUNK,
            st.just(
                [
                    {
                        "guardrail_name": "É!",
                        "litellm_params": {"guardrail": "presidio", "default_on": True},
                    }
                ]
            ),
        ),
        "litellm_settings": JUNK,
        "other": JUNK,
    },
)


@given(FILES)
def test_whatever_a_file_says_the_result_is_read_strictly_or_refused(
    tmp_path_factory: pytest.TempPathFactory, document: dict[str, Any]
) -> None:
    imported = import_litellm(yaml.safe_dump(document, allow_unicode=True))
    settings_of(imported, tmp_path_factory.mktemp("import"))


def test_the_command_writes_settings_and_says_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "litellm.yaml"
    file.write_text(FULL, encoding="utf-8")
    output = tmp_path / "gateway.yaml"
    result = CliRunner().invoke(
        import_command, [str(file), "-o", str(output)], catch_exceptions=False
    )
    assert result.exit_code == 0
    assert "general_settings.master_key: keys are made with" in result.output
    load_tree(GatewaySettings, output, {}, "NONE__")
    with pytest.raises(SensoriumError, match="there already"):
        CliRunner().invoke(import_command, [str(file), "-o", str(output)], catch_exceptions=False)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="UTF-8"):
        CliRunner().invoke(import_command, [str(file)], catch_exceptions=False)


def test_presidio_without_a_choice_of_entities_is_both_rules() -> None:
    made = import_litellm(
        """
model_list: [{model_name: m, litellm_params: {model: openai/gpt-4o, api_key: os.environ/K}}]
guardrails:
  - guardrail_name: PII
    litellm_params: {guardrail: presidio, mode: pre_call, default_on: true}
"""
    )
    guardrails = yaml.safe_load(made.settings_yaml)["guardrails"]
    (names,) = guardrails["named_entities"]
    assert names["entities"] == ["PERSON", "LOCATION", "NRP"]
    assert names["model"] == "en_core_web_lg"
    assert names["stages"] == ["before"]
    (forms,) = guardrails["personal_data"]
    assert forms == {"name": "pii", "stages": ["before"], "action": "mask"}


def test_a_credential_that_models_share_is_that_of_each(tmp_path: Path) -> None:
    text = """
model_list:
  - model_name: one
    litellm_params: {model: openai/a, litellm_credential_name: shared}
  - model_name: two
    litellm_params: {model: openai/b, litellm_credential_name: shared, api_base: "https://b.example/v1"}
  - model_name: three
    litellm_params: {model: openai/c, litellm_credential_name: nobody}
credential_list:
  - credential_name: shared
    credential_values: {api_key: os.environ/SHARED_KEY, api_base: "https://a.example/v1"}
  - credential_name: pasted
    credential_values: {api_key: sk-secret-1}
"""
    imported = import_litellm(text)
    made = settings_of(imported, tmp_path)
    assert [(one.credential, one.base_url) for one in made.providers] == [
        ("env:SHARED_KEY", "https://a.example/v1"),
        ("env:SHARED_KEY", "https://b.example/v1"),
        ("env:OPENAI_API_KEY", ""),
    ]
    place = "model_list[2].litellm_params.litellm_credential_name"
    assert [note.message for note in imported.notes if note.path == place] == [
        "names no credential of the file"
    ]
    assert "sk-secret-1" not in imported.settings_yaml

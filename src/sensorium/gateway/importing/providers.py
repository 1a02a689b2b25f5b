"""From ``litellm_params`` to an entry of providers, and the provider's own name of the model.

LiteLLM tells the provider by the beginning of ``model``. What the gateway speaks itself becomes
that kind; what it does not goes through LiteLLM's SDK, as before.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from sensorium.gateway.importing.notes import Notes
from sensorium.gateway.importing.values import mapping, variable

# How LiteLLM begins the model, the gateway's kind, and the variable that holds the key by default.
_KINDS: Final = {
    "openai": ("openai", "OPENAI_API_KEY"),
    "azure": ("azure", "AZURE_API_KEY"),
    "anthropic": ("anthropic", "ANTHROPIC_API_KEY"),
    "gemini": ("gemini", "GEMINI_API_KEY"),
    "bedrock": ("bedrock", ""),
    "hosted_vllm": ("openai", "HOSTED_VLLM_API_KEY"),
    "vllm": ("openai", ""),
    "lm_studio": ("openai", "LM_STUDIO_API_KEY"),
    "llamafile": ("openai", ""),
    "ollama": ("openai", ""),
    "ollama_chat": ("openai", ""),
    "custom_openai": ("openai", "OPENAI_API_KEY"),
    "openai_like": ("openai", "OPENAI_API_KEY"),
}
_OWN_SERVERS: Final = frozenset("hosted_vllm vllm lm_studio llamafile ollama ollama_chat".split())
_OPENAI_NAMES = re.compile(r"(?:gpt-|chatgpt-|o[1-9](?:-|$)|text-embedding-|ft:gpt-)")
_REGION = re.compile(r"[a-z]{2,5}(?:-[a-z]+){1,3}-\d{1,2}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
_CREDENTIAL_HEADER = re.compile(r"auth|key|token|secret|cookie", re.IGNORECASE)
KNOWN: Final = frozenset(
    "model custom_llm_provider api_key api_base base_url api_version organization extra_headers"
    " aws_region_name aws_access_key_id aws_secret_access_key aws_session_token".split()
)


@dataclass(slots=True)
class Providers:
    """The entries made so far; the same endpoint with the same credential is one."""

    notes: Notes
    environment: Mapping[str, str]
    entries: list[dict[str, Any]] = field(default_factory=list)

    def of(self, params: dict[str, Any], path: str) -> tuple[str, str] | None:
        """The provider's name and its name of the model; None where there is neither."""
        model = params.get("model")
        if not isinstance(model, str) or not model:
            self.notes.add(f"{path}.model", "names no model; left out")
            return None
        begins, _, rest = model.partition("/")
        given = params.get("custom_llm_provider")
        if isinstance(given, str) and given:
            begins, rest = given, rest if begins == given and rest else model
        elif not rest:
            begins, rest = _by_name(model), model
        if begins not in _KINDS:
            return self._through_sdk(begins, params, model if rest else f"{begins}/{model}", path)
        kind, key = _KINDS[begins]
        entry: dict[str, Any] = {"kind": kind}
        if kind == "bedrock":
            rest = self._bedrock(entry, params, rest, path)
        else:
            self._credential(entry, params, key, path, own_server=begins in _OWN_SERVERS)
        self._base_url(entry, params, begins, path)
        version = params.get("api_version")
        if isinstance(version, str) and version and kind in {"azure", "anthropic"}:
            entry["api_version"] = version
        self._headers(entry, params, path)
        return self._named(begins, entry), rest

    def _through_sdk(
        self, begins: str, params: dict[str, Any], model: str, path: str
    ) -> tuple[str, str]:
        entry: dict[str, Any] = {"kind": "litellm"}
        self._credential(entry, params, f"{re.sub('[^A-Z0-9]', '_', begins.upper())}_API_KEY", path)
        self._base_url(entry, params, begins, path)
        self.notes.add(
            f"{path}.model", f"{begins} is reached through LiteLLM's SDK: install the extra litellm"
        )
        return self._named(begins, entry), model

    def _credential(
        self,
        entry: dict[str, Any],
        params: dict[str, Any],
        default: str,
        path: str,
        *,
        own_server: bool = False,
    ) -> None:
        """Most servers of one's own ask for no key; whose variable is set here is taken to."""
        key = params.get("api_key")
        if name := variable(key):
            entry["credential"] = f"env:{name}"
        elif isinstance(key, str) and key:
            name = default or "GATEWAY_PROVIDER_API_KEY"
            entry["credential"] = f"env:{name}"
            self.notes.add(
                f"{path}.api_key",
                f"a key stands in the file and was not copied; put it into {name}",
            )
        elif default and (default in self.environment or not own_server):
            entry["credential"] = f"env:{default}"

    def _bedrock(self, entry: dict[str, Any], params: dict[str, Any], model: str, path: str) -> str:
        for route in ("converse/", "invoke/", "converse_like/"):
            model = model.removeprefix(route)
        region = params.get("aws_region_name")
        if name := variable(region):
            region = self.environment.get(name, "")
        first, _, rest = model.partition("/")
        if rest and _REGION.fullmatch(first):
            region, model = first, rest
        if isinstance(region, str) and _REGION.fullmatch(region):
            entry["region"] = region
        else:
            entry["region"] = "us-east-1"
            self.notes.add(f"{path}.aws_region_name", "no Region is known; us-east-1 was written")
        keys = {one: params[one] for one in params if one.startswith("aws_") and "_key" in one}
        usual = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
        if not keys:
            entry["credential"] = "aws:default"
        elif {variable(one) for one in keys.values()} == usual:
            entry["credential"] = "aws:env"
        else:
            entry["credential"] = "aws:default"
            self.notes.add(
                f"{path}.aws_access_key_id",
                "AWS's keys are taken from its usual sources (aws:default); set them there",
            )
        return model

    def _base_url(
        self, entry: dict[str, Any], params: dict[str, Any], begins: str, path: str
    ) -> None:
        url = params.get("api_base") or params.get("base_url")
        if name := variable(url):
            url = self.environment.get(name, "")
            if not url:
                self.notes.add(f"{path}.api_base", f"{name} is not set here: write it as base_url")
        if not url and begins in {"ollama", "ollama_chat"}:
            url = "http://localhost:11434"
        if not isinstance(url, str) or not url:
            return
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            host = ""
        if not host or parts.scheme not in {"http", "https"} or parts.username is not None:
            self.notes.add(f"{path}.api_base", "is no URL that can be used; left out")
            return
        entry["base_url"] = _shaped(url, entry["kind"], begins)
        if parts.scheme == "http" or _private(host):
            entry["allow_private_destinations"] = True
            self.notes.add(f"{path}.api_base", f"{host} is allowed as a private destination")

    def _headers(self, entry: dict[str, Any], params: dict[str, Any], path: str) -> None:
        headers = mapping(params.get("extra_headers"))
        organization = params.get("organization")
        if organization is not None:
            headers["OpenAI-Organization"] = organization
        made = []
        for name, value in headers.items():
            good = isinstance(value, str) and not variable(value) and _HEADER_VALUE.fullmatch(value)
            if good and _HEADER_NAME.fullmatch(name) and not _CREDENTIAL_HEADER.search(name):
                made.append({"name": name, "value": value})
            else:
                self.notes.add(f"{path}.extra_headers", f"{name[:60]} was not carried over")
        if made:
            entry["headers"] = made

    def _named(self, begins: str, entry: dict[str, Any]) -> str:
        for known in self.entries:
            if {**known, "name": ""} == {**entry, "name": ""}:
                return str(known["name"])
        base = re.sub(r"[^\w.-]", "-", begins)[:80] or "provider"
        taken = {known["name"] for known in self.entries}
        name, count = base, 1
        while name in taken:
            count += 1
            name = f"{base}-{count}"
        self.entries.append({"name": name, **entry})
        return name


def _by_name(model: str) -> str:
    if model.startswith("claude"):
        return "anthropic"
    return "openai" if _OPENAI_NAMES.match(model) else "unknown"


def _shaped(url: str, kind: str, begins: str) -> str:
    """As the gateway's kinds want it: up to and with ``/v1``, or the resource alone for azure."""
    url = url.split("?", maxsplit=1)[0].rstrip("/")
    if kind == "azure":
        return url.split("/openai")[0]
    wants = kind == "anthropic" or begins in _OWN_SERVERS
    return f"{url}/v1" if wants and not url.endswith("/v1") else url


def _private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".lan", ".svc"))

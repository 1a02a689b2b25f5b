"""A server that speaks as AWS Bedrock does: runtime, control plane and the token service.

It checks signatures with botocore's own signer, and botocore's client is satisfied with it.
"""

from __future__ import annotations

import hmac
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.gateway.upstreams.eventstream import event
from tests.gateway.upstreams.openai import words
from tests.gateway.upstreams.server import Emulator, json_answer, stream

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)"
    r"/aws4_request, ?SignedHeaders=(?P<names>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass
class BedrockEmulator(Emulator):
    """Repeats what it was told. ``settings`` are answers of the control plane by path."""

    key: str = "aws-secret-0123456789/abc+def"
    key_id: str = "AKIDEXAMPLE"
    session_token: str = ""
    api_key: str = ""
    region: str = "eu-central-1"
    account: str = "123456789012"
    settings: dict[str, Any] = field(default_factory=dict)

    async def answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        refused = self._refused(request, body)
        if refused:
            return _error(403, "AccessDeniedException", refused)
        path = request.rel_url.raw_path
        if request.method == "GET":
            if path not in self.settings:
                return _error(404, "ResourceNotFoundException", "no such thing")
            return json_answer(self.settings[path])
        if path == "/":
            return self._identity()
        found = re.fullmatch(r"/model/([^/]+)/(converse|converse-stream|invoke)", path)
        if found is None:
            return _error(404, "UnknownOperationException", "")
        model, asked = unquote(found[1]), json.loads(body)
        if found[2] == "invoke":
            answer = {"embedding": [0.25, 0.5], "inputTextTokenCount": 3}
            return json_answer(answer, x_amzn_bedrock_input_token_count="3")
        if not asked.get("messages"):
            return _error(400, "ValidationException", "messages: the list is empty")
        text = f"{model} was told: {asked['messages'][-1]['content'][0]['text']}"
        if found[2] == "converse":
            return json_answer(_whole(text))
        return await stream(request, _pieces(text), "application/vnd.amazon.eventstream")

    def _refused(self, request: web.Request, body: bytes) -> str:
        given = request.headers.get("Authorization", "")
        if self.api_key:
            return "" if given == f"Bearer {self.api_key}" else f"bad key {given}"
        found = _AUTHORIZATION.fullmatch(given)
        if found is None:
            return "Missing Authentication Token"
        if found["id"] != self.key_id:
            return "The security token included in the request is invalid."
        service = "sts" if request.path == "/" else "bedrock"
        if (found["region"], found["service"]) != (self.region, service):
            return f"Credential should be scoped to {self.region}/{service}"
        if request.headers.get("X-Amz-Security-Token", "") != self.session_token:
            return "The security token included in the request is invalid."
        names = found["names"].split(";")
        if not {"host", "x-amz-date"} <= set(names):
            return "host and x-amz-date must be signed"
        expected = self._signature(request, body, names, found)
        if not hmac.compare_digest(expected, found["signature"]):
            return "The request signature we calculated does not match the signature you provided."
        return ""

    def _signature(
        self, request: web.Request, body: bytes, names: list[str], found: re.Match[str]
    ) -> str:
        headers = {name: request.headers[name] for name in names}
        rebuilt = AWSRequest(
            method=request.method,
            url=f"http://{request.headers['Host']}{request.rel_url.raw_path_qs}",
            data=body,
            headers=headers,
        )
        rebuilt.context["timestamp"] = request.headers["X-Amz-Date"]
        credentials = Credentials(self.key_id, self.key)
        signer = SigV4Auth(credentials, found["service"], found["region"])
        to_sign = signer.string_to_sign(rebuilt, signer.canonical_request(rebuilt))
        return str(signer.signature(to_sign, rebuilt))

    def _identity(self) -> web.Response:
        arn = f"arn:aws:sts::{self.account}:assumed-role/gateway/session"
        text = (
            '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            f"<GetCallerIdentityResult><Arn>{arn}</Arn><UserId>AROA:session</UserId>"
            f"<Account>{self.account}</Account></GetCallerIdentityResult>"
            "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
            "</GetCallerIdentityResponse>"
        )
        return web.Response(text=text, content_type="text/xml")


def _usage(text: str) -> dict[str, int]:
    return {"inputTokens": 7, "outputTokens": len(text), "totalTokens": 7 + len(text)}


def _whole(text: str) -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": _usage(text),
        "metrics": {"latencyMs": 5},
    }


def _pieces(text: str) -> list[bytes]:
    deltas = [
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": word}})
        for word in words(text)
    ]
    events = [
        ("messageStart", {"role": "assistant"}),
        *deltas,
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", {"usage": _usage(text), "metrics": {"latencyMs": 5}}),
    ]
    return [event(kind, json.dumps(value).encode()) for kind, value in events]


def _error(status: int, kind: str, message: str) -> web.Response:
    return json_answer({"message": message}, status, x_amzn_ErrorType=kind)

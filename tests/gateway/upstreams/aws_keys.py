"""AWS's local services for credentials, and its token service's answer to a web identity."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs

from aiohttp import web

from tests.gateway.upstreams.server import Emulator, json_answer


@dataclass
class KeysEmulator(Emulator):
    """Instance metadata (version 2 only), the container's service, the token service."""

    key: str = "issued-secret"
    expiration: str = "2030-01-01T00:00:00Z"
    identity_token: str = "token-of-the-cluster"
    container_token: str = ""

    async def answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        path = request.path
        if path == "/latest/api/token":
            lifetime = request.headers.get("X-aws-ec2-metadata-token-ttl-seconds")
            good = request.method == "PUT" and lifetime is not None
            return web.Response(text="session-token", status=200 if good else 400)
        if path.startswith("/latest/meta-data/iam/security-credentials/"):
            if request.headers.get("X-aws-ec2-metadata-token") != "session-token":
                return web.Response(status=401)
            if path.endswith("/"):
                return web.Response(text="gateway-role\n")
            return json_answer({"Code": "Success", **self._keys()})
        if path == "/v2/credentials/1":
            good = request.headers.get("Authorization", "") == self.container_token
            return (
                json_answer({"RoleArn": "arn", **self._keys()})
                if good
                else web.Response(status=403)
            )
        if path == "/" and request.method == "POST":
            return self._assumed(parse_qs(body.decode()))
        return web.Response(status=404)

    def _keys(self) -> dict[str, str]:
        return {
            "AccessKeyId": "ASIAISSUED",
            "SecretAccessKey": self.key,
            "Token": "issued-token",
            "Expiration": self.expiration,
        }

    def _assumed(self, form: dict[str, list[str]]) -> web.Response:
        if form.get("WebIdentityToken") != [self.identity_token] or "RoleArn" not in form:
            return web.Response(status=400, text="<ErrorResponse/>")
        keys = {**self._keys(), "SessionToken": "issued-token"}
        elements = "".join(f"<{name}>{value}</{name}>" for name, value in keys.items())
        text = (
            '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            f"<AssumeRoleWithWebIdentityResult><Credentials>{elements}</Credentials>"
            "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
        )
        return web.Response(text=text, content_type="text/xml")

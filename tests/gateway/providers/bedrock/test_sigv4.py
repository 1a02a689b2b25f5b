from __future__ import annotations

import calendar
import pickle
import time
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from sensorium.gateway.providers.bedrock.sigv4 import AwsKeys, Signer
from sensorium.gateway.providers.http.request import Request
from sensorium.gateway.providers.secret import Secret

KEYS = AwsKeys("AKIDEXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"))
SESSION = AwsKeys("ASIDEXAMPLE", Secret("secret"), Secret("token/with+signs=="))


def botocores(
    method: str, url: str, headers: dict[str, str], body: bytes, keys: AwsKeys
) -> tuple[dict[str, str], float]:
    """The headers that botocore signs a request with, and when it did."""
    request = AWSRequest(method=method, url=url, data=body, headers=headers)
    token = keys.session_token.reveal() if keys.session_token else None
    credentials = Credentials(keys.access_key_id, keys.secret_access_key.reveal(), token)
    SigV4Auth(credentials, "bedrock", "us-east-1").add_auth(request)
    moment = calendar.timegm(time.strptime(request.context["timestamp"], "%Y%m%dT%H%M%SZ"))
    return dict(request.headers.items()), float(moment)


def ours(
    method: str, target: str, headers: dict[str, str], body: bytes, keys: AwsKeys, now: float
) -> str:
    signed = [("Host", "bedrock.test"), *headers.items()]
    added = Signer("us-east-1", "bedrock").sign(method, target, signed, body, keys, now)
    head = Request(method, target, added, body).head("bedrock.test").decode()
    return next(line for line in head.split("\r\n") if line.startswith("Authorization: "))


segment = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12).filter(
    lambda text: text not in {"", ".", ".."}
)


@given(
    method=st.sampled_from(["GET", "POST"]),
    segments=st.lists(segment, max_size=4),
    query=st.dictionaries(
        st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,8}", fullmatch=True), segment, max_size=3
    ),
    value=st.from_regex(r"[ -~]{0,20}", fullmatch=True),
    body=st.binary(max_size=64),
    keys=st.sampled_from([KEYS, SESSION]),
)
def test_requests_are_signed_as_botocore_signs_them(
    method: str,
    segments: list[str],
    query: dict[str, str],
    value: str,
    body: bytes,
    keys: AwsKeys,
) -> None:
    target = "/" + "/".join(quote(one, safe="-_.~") for one in segments)
    if query:
        pairs = (f"{name}={quote(text, safe='-_.~')}" for name, text in query.items())
        target += "?" + "&".join(pairs)
    headers = {"Content-Type": "application/json", "X-Extra": value}
    expected, now = botocores(method, f"https://bedrock.test{target}", headers, body, keys)
    assert ours(method, target, headers, body, keys, now) == (
        f"Authorization: {expected['Authorization']}"
    )


def test_an_arn_in_a_path_is_signed_as_botocore_signs_it() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-v1:0"
    target = f"/model/{quote(arn, safe='-_.~')}/converse"
    expected, now = botocores("POST", f"https://bedrock.test{target}", {}, b"{}", KEYS)
    assert ours("POST", target, {}, b"{}", KEYS, now).endswith(expected["Authorization"])


def test_a_signer_follows_the_day_and_the_keys() -> None:
    signer = Signer("us-east-1", "bedrock")
    seen = {
        str(dict(signer.sign("GET", "/", (("Host", "h"),), b"", keys, now))["Authorization"])
        for keys in (KEYS, SESSION)
        for now in (0.0, 86_400.0)
        for _ in range(2)
    }
    assert len(seen) == 4


def test_keys_do_not_show_what_is_secret_in_them() -> None:
    for shown in (repr(SESSION), str(SESSION), f"{SESSION}"):
        assert "token/with" not in shown
        assert "'secret'" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(SESSION)

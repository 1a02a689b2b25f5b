"""The Bedrock emulator satisfies AWS's own client; so what satisfies the emulator is sound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.gateway.upstreams.bedrock import BedrockEmulator
from tests.gateway.upstreams.server import serving

ARN = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.echo-v1:0"
ASKED = {"modelId": ARN, "messages": [{"role": "user", "content": [{"text": "hello"}]}]}


def ask(
    use: Callable[[Any], Any], service: str = "bedrock-runtime", *, key: str = "", **given: Any
) -> Any:
    """What boto3's client gets from the emulator."""

    async def scenario() -> Any:
        async with serving(BedrockEmulator(**given)) as upstream:
            client = boto3.client(
                service,
                region_name="eu-central-1",
                endpoint_url=upstream.url,
                aws_access_key_id="AKIDEXAMPLE",
                aws_secret_access_key=key or upstream.key,
                aws_session_token=given.get("session_token") or None,
                config=Config(retries={"total_max_attempts": 1}, proxies={}),
            )
            return await asyncio.to_thread(use, client)

    return asyncio.run(scenario())


@pytest.mark.parametrize("token", ["", "session/token+=="])
def test_boto3_converses_with_it(token: str) -> None:
    found = ask(lambda client: client.converse(**ASKED), session_token=token)
    assert found["output"]["message"]["content"] == [{"text": f"{ARN} was told: hello"}]
    assert found["stopReason"] == "end_turn"
    assert found["usage"]["inputTokens"] == 7


def test_boto3_reads_its_streams() -> None:
    events = ask(lambda client: list(client.converse_stream(**ASKED)["stream"]))
    assert [next(iter(one)) for one in (events[0], *events[-3:])] == [
        "messageStart",
        "contentBlockStop",
        "messageStop",
        "metadata",
    ]
    text = "".join(
        one["contentBlockDelta"]["delta"]["text"] for one in events if "contentBlockDelta" in one
    )
    assert text == f"{ARN} was told: hello"


def test_boto3_invokes_a_model_for_embeddings() -> None:
    found = ask(
        lambda client: client.invoke_model(modelId="echo", body=b'{"inputText": "a"}')[
            "body"
        ].read()
    )
    assert b"embedding" in found


def test_boto3_reads_its_control_plane() -> None:
    logging = {"loggingConfig": {"textDataDeliveryEnabled": True}}
    found = ask(
        lambda client: client.get_model_invocation_logging_configuration(),
        "bedrock",
        settings={"/logging/modelinvocations": logging},
    )
    assert found["loggingConfig"] == logging["loggingConfig"]
    assert ask(lambda client: client.get_caller_identity(), "sts")["Account"] == "123456789012"


def test_boto3_is_refused_with_a_wrong_key() -> None:
    with pytest.raises(ClientError, match="signature we calculated does not match"):
        ask(lambda client: client.converse(**ASKED), key="wrong")

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import cramjam
import grpc
import httpx
import pytest
import trustme
from google.protobuf.json_format import ParseDict
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from sensorium.ingest.acceptance import NoRoomError
from sensorium.model.signals import Signal
from tests.ingest.otlp.conftest import Running, running
from tests.ingest.otlp.messages import NOW

pytestmark = pytest.mark.anyio

LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
METRICS = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}


def one_log(body: str = "hello") -> bytes:
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=NOW)
    record.body.string_value = body
    return request.SerializeToString()


def half_a_metric() -> bytes:
    """Two points, one of which has no value."""
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="up")
    metric.gauge.data_points.add(time_unix_nano=NOW, as_int=1)
    metric.gauge.data_points.add(time_unix_nano=NOW)
    return request.SerializeToString()


async def post(server: Running, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(f"{server.http.url}{path}", content=body, headers=headers)


async def call(
    server: Running, method: str, message: bytes, channel: Any = None, **options: Any
) -> bytes:
    """Call over gRPC; AioRpcError for another status than OK."""
    address = f"127.0.0.1:{server.grpc.port}"
    # Otherwise calls to one address share one connection, on which they wait for each other.
    alone = (("grpc.use_local_subchannel_pool", 1),)
    async with channel or grpc.aio.insecure_channel(address, alone) as open_channel:
        return bytes(await open_channel.unary_unary(method)(message, timeout=20, **options))


async def refused(server: Running, method: str, message: bytes, **options: Any) -> Any:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(server, method, message, **options)
    return caught.value


async def test_compressed_requests_are_taken() -> None:
    body = one_log("x" * 500)
    async with running() as server:
        for encoding, packed in (
            ("gzip", gzip.compress(body)),
            ("zstd", bytes(cramjam.zstd.compress(body))),
        ):
            headers = {**PROTOBUF, "content-encoding": encoding}
            reply = await post(server, "/v1/logs", packed, headers)
            assert (reply.status_code, reply.content) == (200, b"")
        assert await call(server, LOGS, body, compression=grpc.Compression.Gzip) == b""
        assert [row["body"] for row in server.accepted.rows(Signal.LOGS)] == ["x" * 500] * 3


async def test_json_is_answered_in_json() -> None:
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "hi"}}]}]}]}
    async with running() as server:
        reply = await post(server, "/v1/logs", json.dumps(body).encode(), JSON)
        assert (reply.status_code, reply.json()) == (200, {})
        wrong = await post(server, "/v1/logs", b"[]", JSON)
        assert wrong.status_code == 400
        assert wrong.headers["content-type"] == "application/json"
        said = ParseDict(wrong.json(), Status())
        assert (said.code, described(said)) == (3, said.message)
        assert [row["body"] for row in server.accepted.rows(Signal.LOGS)] == ["hi"]


async def test_what_is_rejected_is_said_with_its_number_and_reason() -> None:
    async with running() as server:
        reply = await post(server, "/v1/metrics", half_a_metric(), PROTOBUF)
        partial = ExportMetricsServiceResponse.FromString(reply.content).partial_success
        assert reply.status_code == 200
        assert (partial.rejected_data_points, partial.error_message) == (1, "no_value: 1")
        assert await call(server, METRICS, half_a_metric()) == reply.content
        assert len(server.accepted.rows(Signal.METRICS)) == 2
        dropped = {"protocol": "otlp", "reason": "no_value"}
        assert server.observe.value("sensorium_ingest_dropped_total", dropped) == 2


def described(said: Status) -> str:
    """What the ``BadRequest`` among a status's details says."""
    (detail,) = said.details
    bad = BadRequest()
    assert detail.Unpack(bad)
    (violation,) = bad.field_violations
    return str(violation.description)


async def test_a_malformed_request_is_not_to_be_sent_again() -> None:
    async with running() as server:
        reply = await post(server, "/v1/logs", b"\xff\xff", PROTOBUF)
        assert reply.status_code == 400
        assert reply.headers["content-type"] == "application/x-protobuf"
        said = Status.FromString(reply.content)
        assert (said.code, described(said)) == (3, said.message)
        error = await refused(server, LOGS, b"\xff\xff")
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert not server.accepted.batches


async def test_a_full_journal_asks_senders_to_come_again() -> None:
    async with running() as server:
        server.accepted.error = NoRoomError("the journal is full", 2.5)
        reply = await post(server, "/v1/logs", one_log(), PROTOBUF)
        assert (reply.status_code, reply.headers["retry-after"]) == (429, "3")
        assert Status.FromString(reply.content).code == 8
        error = await refused(server, LOGS, one_log())
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        trailing = dict(error.trailing_metadata())
        info = RetryInfo()
        Status.FromString(trailing["grpc-status-details-bin"]).details[0].Unpack(info)
        assert (info.retry_delay.seconds, info.retry_delay.nanos) == (2, 500_000_000)
        assert RetryInfo.FromString(trailing["google.rpc.retryinfo-bin"]) == info


async def test_an_error_here_is_not_acknowledged() -> None:
    async with running() as server:
        server.accepted.error = RuntimeError("a bug")
        reply = await post(server, "/v1/logs", one_log(), PROTOBUF)
        assert (reply.status_code, Status.FromString(reply.content).code) == (500, 13)
        assert (await refused(server, LOGS, one_log())).code() is grpc.StatusCode.INTERNAL


async def test_messages_beyond_the_limit_are_refused_even_if_they_are_small_as_sent() -> None:
    async with running({"max_message_bytes": 4096}, max_decompressed_bytes=4096) as server:
        bomb = bytes(1 << 20)
        headers = {**PROTOBUF, "content-encoding": "gzip"}
        reply = await post(server, "/v1/logs", gzip.compress(bomb), headers)
        assert (reply.status_code, Status.FromString(reply.content).code) == (413, 3)
        for options in ({}, {"compression": grpc.Compression.Gzip}):
            error = await refused(server, LOGS, bomb, **options)
            assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert not server.accepted.batches


async def test_too_many_calls_at_once_are_asked_to_come_again() -> None:
    async with running({"max_calls": 1}) as server:
        server.accepted.gate = asyncio.Event()
        first = asyncio.create_task(call(server, LOGS, one_log()))
        while not server.observe.value("sensorium_grpc_ingest_held_bytes"):
            await asyncio.sleep(0.01)
        error = await refused(server, LOGS, one_log())
        server.accepted.gate.set()
        await first
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "google.rpc.retryinfo-bin" in dict(error.trailing_metadata())


async def test_a_token_and_networks_keep_others_out() -> None:
    async with running({"token": "secret"}) as server:
        assert (await refused(server, LOGS, one_log())).code() is grpc.StatusCode.UNAUTHENTICATED
        shown = (("authorization", "Bearer secret"),)
        assert await call(server, LOGS, one_log(), metadata=shown) == b""
    async with running({"allowed_networks": ("192.0.2.0/24",)}) as server:
        error = await refused(server, LOGS, one_log())
        assert error.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_mutual_tls_takes_only_senders_with_a_certificate(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued, client = authority.issue_cert("localhost"), authority.issue_cert("sender")
    certificate, key, ca = tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "ca.pem"
    issued.private_key_pem.write_to_path(key)
    issued.cert_chain_pems[0].write_to_path(certificate)
    authority.cert_pem.write_to_path(ca)
    settings = {
        "tls_certificate": str(certificate),
        "tls_key": str(key),
        "tls_client_ca": str(ca),
    }
    async with running(settings) as server:
        trusted = authority.cert_pem.bytes()
        address = f"localhost:{server.grpc.port}"
        shown = grpc.ssl_channel_credentials(
            trusted, client.private_key_pem.bytes(), client.cert_chain_pems[0].bytes()
        )
        known = grpc.aio.secure_channel(address, shown)
        assert await call(server, LOGS, one_log(), known) == b""
        unknown = grpc.aio.secure_channel(address, grpc.ssl_channel_credentials(trusted))
        error = await refused(server, LOGS, one_log(), channel=unknown)
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert len(server.accepted.batches) == 1


async def test_an_empty_request_is_taken() -> None:
    async with running() as server:
        reply = await post(server, "/v1/logs", b"", PROTOBUF)
        assert reply.status_code == 200
        assert ExportLogsServiceResponse.FromString(reply.content).ByteSize() == 0

"""What the OTLP specification asks of a server and no other test shows."""

from __future__ import annotations

import gzip

import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from sensorium.ingest.transport.grpc_config import GrpcConfig
from sensorium.ingest.transport.http import HttpConfig
from tests.ingest.otlp.conftest import running
from tests.ingest.otlp.test_servers import JSON, LOGS, METRICS, PROTOBUF, call, one_log, post

pytestmark = pytest.mark.anyio


async def test_every_refusal_is_a_status_in_the_encoding_of_the_request() -> None:
    settings = {"max_body_bytes": 4096, "max_decompressed_bytes": 8192, "token": "secret"}
    shown = {"authorization": "Bearer secret"}
    packed = {"content-encoding": "gzip"}
    async with running(**settings) as server:
        for kind in (PROTOBUF, JSON):
            cases = [
                (401, b"", {}),
                (400, b"\xff\xff", shown),
                (400, b"no gzip", {**shown, **packed}),
                (413, bytes(5000), shown),
                (413, gzip.compress(bytes(1 << 20)), {**shown, **packed}),
                (415, b"", {**shown, "content-encoding": "br"}),
            ]
            for expected, body, headers in cases:
                reply = await post(server, "/v1/logs", body, {**kind, **headers})
                assert reply.status_code == expected, (kind, expected)
                assert reply.headers["content-type"] == kind["content-type"]
                said = (
                    reply.json()["message"]
                    if kind is JSON
                    else Status.FromString(reply.content).message
                )
                assert said
        assert not server.accepted.batches


async def test_what_is_not_compressed_and_what_is_empty_is_taken_over_both() -> None:
    async with running() as server:
        for body in (one_log(), b""):
            reply = await post(server, "/v1/logs", body, PROTOBUF)
            assert (reply.status_code, reply.content) == (200, b"")
            assert reply.headers["content-type"] == PROTOBUF["content-type"]
            assert await call(server, LOGS, body) == b""
            assert await call(server, METRICS, b"") == b""


async def test_fields_of_a_later_version_are_passed_over() -> None:
    request = ExportLogsServiceRequest.FromString(one_log("known"))
    # Field 900 as a varint and as text, in the request and in its record.
    unknown = b"\xa0\x38\x05" + b"\xa2\x38\x02hi"
    record = request.resource_logs[0].scope_logs[0].log_records[0]
    record.MergeFromString(unknown)
    async with running() as server:
        reply = await post(server, "/v1/logs", request.SerializeToString() + unknown, PROTOBUF)
        assert (reply.status_code, reply.content) == (200, b"")
        (batch,) = server.accepted.batches
        assert batch[1].column("body").to_pylist() == ["known"]


def test_the_ports_are_those_of_the_specification() -> None:
    assert (GrpcConfig().port, HttpConfig().port) == (4317, 4318)

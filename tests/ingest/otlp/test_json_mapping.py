from __future__ import annotations

import base64
import json

import pytest
from google.protobuf.json_format import MessageToJson
from hypothesis import given
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from sensorium.ingest.otlp.decoded import MalformedError
from sensorium.ingest.otlp.json_mapping import to_protobuf
from sensorium.model.signals import Signal
from tests.ingest.otlp.messages import NOW, log_requests, metric_requests


def as_json(message: object) -> bytes:
    """OTLP's JSON: protobuf's, but for enums as numbers and ids in hexadecimal."""
    document = json.loads(MessageToJson(message, use_integers_for_enums=True))

    def mend(node: object) -> None:
        if isinstance(node, dict):
            for key in ("traceId", "spanId"):
                if key in node:
                    node[key] = base64.b64decode(node[key]).hex()
        for child in node.values() if isinstance(node, dict) else node:
            if isinstance(child, dict | list):
                mend(child)

    mend(document)
    return json.dumps(document).encode()


@given(log_requests())
def test_logs_in_json_are_the_same_request(request_: ExportLogsServiceRequest) -> None:
    message = to_protobuf(as_json(request_), Signal.LOGS)
    assert ExportLogsServiceRequest.FromString(message) == request_


@given(metric_requests())
def test_metrics_in_json_are_the_same_request(request_: ExportMetricsServiceRequest) -> None:
    found = ExportMetricsServiceRequest.FromString(to_protobuf(as_json(request_), Signal.METRICS))
    # NaN is not equal to itself; in text it is.
    assert str(found) == str(request_)


@pytest.mark.parametrize("original", [True, False])
@given(request_=log_requests())
def test_logs_of_a_sender_that_knows_only_protobufs_own_mapping(
    request_: ExportLogsServiceRequest, original: bool
) -> None:
    body = MessageToJson(request_, preserving_proto_field_name=original)
    message = to_protobuf(body.encode(), Signal.LOGS)
    assert ExportLogsServiceRequest.FromString(message) == request_


@pytest.mark.parametrize("original", [True, False])
@given(request_=metric_requests())
def test_metrics_of_a_sender_that_knows_only_protobufs_own_mapping(
    request_: ExportMetricsServiceRequest, original: bool
) -> None:
    body = MessageToJson(request_, preserving_proto_field_name=original)
    found = ExportMetricsServiceRequest.FromString(to_protobuf(body.encode(), Signal.METRICS))
    assert str(found) == str(request_)


def logs_of(record: dict[str, object]) -> ExportLogsServiceRequest:
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    return ExportLogsServiceRequest.FromString(to_protobuf(json.dumps(body).encode(), Signal.LOGS))


def test_numbers_may_be_strings_and_unknown_fields_are_passed_over() -> None:
    request = logs_of(
        {
            "timeUnixNano": str(NOW),
            "severityNumber": 9,
            "novelty": {"a": [1]},
            "body": {"intValue": "-3"},
            "eventName": None,
            "traceId": "5B8EFFF798038103D269B633813FC60C",
        }
    )
    record = request.resource_logs[0].scope_logs[0].log_records[0]
    assert (record.time_unix_nano, record.severity_number) == (NOW, 9)
    assert record.body.int_value == -3
    assert record.trace_id.hex() == "5b8efff798038103d269b633813fc60c"


@pytest.mark.parametrize(
    "written",
    [
        "9e2a3dc06074b17540d54de4e51e735f",
        base64.b64encode(bytes.fromhex("9e2a3dc06074b17540d54de4e51e735f")).decode(),
        base64.b64encode(b"9e2a3dc06074b17540d54de4e51e735f").decode(),
    ],
)
def test_an_id_is_the_same_in_hexadecimal_in_base64_and_in_both(written: str) -> None:
    spans = ["5917146c1d45991b", "WRcUbB1FmRs=", base64.b64encode(b"5917146c1d45991b").decode()]
    for span in spans:
        request = logs_of({"traceId": written, "spanId": span})
        record = request.resource_logs[0].scope_logs[0].log_records[0]
        assert record.trace_id.hex() == "9e2a3dc06074b17540d54de4e51e735f"
        assert record.span_id.hex() == "5917146c1d45991b"


@pytest.mark.parametrize(
    ("group", "scope", "records"),
    [
        ("instrumentationLibraryLogs", "instrumentationLibrary", "logs"),
        ("instrumentation_library_logs", "instrumentation_library", "logs"),
        ("instrumentationLibraryLogs", "scope", "logRecords"),
    ],
)
def test_logs_under_the_names_before_otlp_1_are_the_same_request(
    group: str, scope: str, records: str
) -> None:
    now = {"scopeLogs": [{"scope": {"name": "lib"}, "logRecords": [{"severityText": "a"}]}]}
    former = {group: [{scope: {"name": "lib"}, records: [{"severityText": "a"}]}]}
    bodies = [json.dumps({"resourceLogs": [one]}).encode() for one in (now, former)]
    assert len({to_protobuf(body, Signal.LOGS) for body in bodies}) == 1
    both = json.dumps({"resourceLogs": [now | former]}).encode()
    assert to_protobuf(both, Signal.LOGS) == to_protobuf(bodies[0], Signal.LOGS)


def test_metrics_under_the_names_before_otlp_1_are_the_same_request() -> None:
    now = {"scopeMetrics": [{"scope": {"name": "lib"}, "metrics": [{"name": "a"}]}]}
    former = {
        "instrumentationLibraryMetrics": [
            {"instrumentationLibrary": {"name": "lib"}, "metrics": [{"name": "a"}]}
        ]
    }
    bodies = [json.dumps({"resourceMetrics": [one]}).encode() for one in (now, former)]
    assert len({to_protobuf(body, Signal.METRICS) for body in bodies}) == 1


def test_a_list_stands_for_the_values_of_a_list_or_map() -> None:
    pairs = [{"key": "type", "value": {"intValue": "0"}}]
    for bare, whole in (
        ({"kvlistValue": pairs}, {"kvlistValue": {"values": pairs}}),
        ({"arrayValue": [{"intValue": 1}]}, {"arrayValue": {"values": [{"intValue": 1}]}}),
    ):
        assert logs_of({"body": bare}) == logs_of({"body": whole})
        assert logs_of({"body": bare}) != logs_of({})


def test_a_time_in_two_halves_is_one_number() -> None:
    request = logs_of({"timeUnixNano": {"low": -1013133952, "high": 395276536}})
    record = request.resource_logs[0].scope_logs[0].log_records[0]
    assert record.time_unix_nano == (395276536 << 32) + (1 << 32) - 1013133952


@pytest.mark.parametrize(
    "record",
    [
        {"timeUnixNano": -1},
        {"timeUnixNano": 1.5},
        {"timeUnixNano": True},
        {"timeUnixNano": {"low": 1}},
        {"timeUnixNano": {"low": 1, "high": 1 << 32}},
        {"severityNumber": "SEVERITY_NUMBER_LOUD"},
        {"severityText": 5},
        {"traceId": "xyz"},
        {"traceId": "Z6z8LqVvEI+kU1/Ci6mX"},
        {"body": "text"},
        {"body": {"bytesValue": "?"}},
        {"attributes": {"key": "a"}},
        {"timeUnixNano": 1e400},
    ],
)
def test_values_of_the_wrong_type_make_the_request_malformed(record: dict[str, object]) -> None:
    with pytest.raises(MalformedError):
        logs_of(record)

from __future__ import annotations

from hypothesis import given
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from sensorium.ingest.otlp import LogsDecoder, OtlpConfig
from sensorium.observe import Observe
from tests.ingest.otlp import oracle
from tests.ingest.otlp.messages import NOW, log_requests

KEPT = LogsDecoder(OtlpConfig(), Observe())


@given(log_requests())
def test_the_decoder_gives_the_rows_of_the_obvious_one(request: ExportLogsServiceRequest) -> None:
    body = request.SerializeToString()
    batch = KEPT.decode(body, NOW).batch
    batch.validate(full=True)
    rows, wanted = batch.to_pylist(), oracle.log_rows(body, NOW)
    assert len(rows) == len(wanted)
    for ours, theirs in zip(rows, wanted, strict=True):
        pairs, asked = ours.pop("attributes"), theirs.pop("attributes")
        assert [key for key, _ in pairs] == [key for key, _ in asked]
        for (key, value), (_, one) in zip(pairs, asked, strict=True):
            assert oracle.same(value, one), (key, value, one)
        assert oracle.same(ours.pop("body"), theirs.pop("body"))
        assert ours.pop("observed_time_ns") == NOW
        assert {key: ours[key] for key in theirs} == theirs

from __future__ import annotations

from hypothesis import given
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from sensorium.ingest.otlp import MetricsDecoder, OtlpConfig
from sensorium.observe import Observe
from tests.ingest.otlp import oracle
from tests.ingest.otlp.messages import NOW, metric_requests

KEPT = MetricsDecoder(OtlpConfig(), Observe())


@given(metric_requests())
def test_the_decoder_gives_the_rows_of_the_obvious_one(
    request: ExportMetricsServiceRequest,
) -> None:
    body = request.SerializeToString()
    # One decoder for all examples: what it remembers must change nothing but rows at new starts.
    fresh = MetricsDecoder(OtlpConfig(), Observe())
    for decoder in (fresh, KEPT):
        batch = decoder.decode(body, NOW).batch
        batch.validate(full=True)
        rows = [
            (
                row["time_ns"],
                row["name"],
                tuple(row["labels"]),
                oracle.bits(row["value"]),
                row["kind"],
            )
            for row in batch.to_pylist()
            if row["name"] != "target_info"
        ]
        wanted = oracle.metric_rows(body, NOW)
        assert [row[:2] for row in rows] == [row[:2] for row in wanted]
        for ours, theirs in zip(rows, wanted, strict=True):
            assert ours[3:] == theirs[3:]
            assert [key for key, _ in ours[2]] == [key for key, _ in theirs[2]]
            for (key, value), (_, asked) in zip(ours[2], theirs[2], strict=True):
                assert key == "le" or value == asked or oracle.same(value, asked)

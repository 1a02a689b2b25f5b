"""Remote-write's messages for the protobuf library, described at run time.

Field names, numbers and types are those of the specifications (https://prometheus.io/docs/specs/),
so that requests are encoded by something that knows nothing of our decoder.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

F = descriptor_pb2.FieldDescriptorProto
_TYPES = {
    "double": F.TYPE_DOUBLE,
    "int64": F.TYPE_INT64,
    "uint64": F.TYPE_UINT64,
    "uint32": F.TYPE_UINT32,
    "int32": F.TYPE_INT32,
    "sint32": F.TYPE_SINT32,
    "sint64": F.TYPE_SINT64,
    "string": F.TYPE_STRING,
}
# name, type, number; a type that is none of the above is a message; * means repeated.
_HISTOGRAM = """
    count_int uint64 1, count_float double 2, sum double 3, schema sint32 4,
    zero_threshold double 5, zero_count_int uint64 6, zero_count_float double 7,
    negative_spans *BucketSpan 8, negative_deltas *sint64 9, negative_counts *double 10,
    positive_spans *BucketSpan 11, positive_deltas *sint64 12, positive_counts *double 13,
    reset_hint int32 14, timestamp int64 15, custom_values *double 16
"""
_V1 = {
    "WriteRequest": "timeseries *TimeSeries 1, metadata *MetricMetadata 3",
    "TimeSeries": (
        "labels *Label 1, samples *Sample 2, exemplars *Exemplar 3, histograms *Histogram 4"
    ),
    "Label": "name string 1, value string 2",
    "Sample": "value double 1, timestamp int64 2",
    "Exemplar": "labels *Label 1, value double 2, timestamp int64 3",
    "MetricMetadata": "type int32 1, metric_family_name string 2, help string 4, unit string 5",
    "Histogram": _HISTOGRAM,
    "BucketSpan": "offset sint32 1, length uint32 2",
}
_V2 = {
    "Request": "symbols *string 4, timeseries *TimeSeries 5",
    "TimeSeries": (
        "labels_refs *uint32 1, samples *Sample 2, histograms *Histogram 3,"
        "exemplars *Exemplar 4, metadata Metadata 5, created_timestamp int64 6"
    ),
    "Sample": "value double 1, timestamp int64 2, start_timestamp int64 3",
    "Exemplar": "labels_refs *uint32 1, value double 2, timestamp int64 3",
    "Metadata": "type int32 1, help_ref uint32 3, unit_ref uint32 4",
    "Histogram": _HISTOGRAM,
    "BucketSpan": "offset sint32 1, length uint32 2",
}


def _described(package: str, messages: dict[str, str]) -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{package}.proto", package=package, syntax="proto3"
    )
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for words in fields.replace("\n", " ").split(","):
            field_name, kind, number = words.split()
            repeated, kind = kind.startswith("*"), kind.lstrip("*")
            field = message.field.add(name=field_name, number=int(number))
            field.label = F.LABEL_REPEATED if repeated else F.LABEL_OPTIONAL
            field.type = _TYPES.get(kind, F.TYPE_MESSAGE)
            if kind not in _TYPES:
                field.type_name = f".{package}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))
        for name in messages
    }


V1 = _described("prometheus", _V1)
V2 = _described("io.prometheus.write.v2", _V2)

Labels = Sequence[tuple[str, str]]
Samples = Iterable[tuple[float, int]]


def write_request(series: Iterable[tuple[Labels, Samples]]) -> Any:
    """A 1.0 request of float samples (value, milliseconds)."""
    request = V1["WriteRequest"]()
    for labels, samples in series:
        one = request.timeseries.add()
        for name, value in labels:
            one.labels.add(name=name, value=value)
        for value, time in samples:
            one.samples.add(value=value, timestamp=time)
    return request


class Symbols:
    """2.0's table: each text once, the empty one first."""

    def __init__(self) -> None:
        self.known = {"": 0}

    def __call__(self, text: str) -> int:
        return self.known.setdefault(text, len(self.known))


def request_v2(series: Iterable[tuple[Labels, Samples]], kind: int = 0) -> Any:
    """The same as a 2.0 request; ``kind`` is every series' metric type."""
    request, symbols = V2["Request"](), Symbols()
    for labels, samples in series:
        one = request.timeseries.add()
        for name, value in labels:
            one.labels_refs.extend((symbols(name), symbols(value)))
        for value, time in samples:
            one.samples.add(value=value, timestamp=time)
        if kind:
            one.metadata.type = kind
    request.symbols.extend(symbols.known)
    return request

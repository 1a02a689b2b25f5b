"""Which Prometheus series a new entry stands for: read once, when it is first met."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from sensorium.ingest.otlp import points
from sensorium.ingest.otlp.entries import METRIC, RESOURCE, SCOPE, Name
from sensorium.ingest.otlp.exponential import bounds_of
from sensorium.ingest.otlp.naming import label_name, labels_of, metric_name, number_text
from sensorium.ingest.otlp.texts import Row
from sensorium.ingest.otlp.values import attributes, fields, text
from sensorium.ingest.series import Series

TARGET_INFO: Final = "target_info"
_IDENTITY: Final = ("service.name", "service.namespace", "service.instance.id")
# The field of a data point that holds its attributes.
_ATTRIBUTES: Final = {
    points.GAUGE: 7,
    points.SUM: 7,
    points.HISTOGRAM: 9,
    points.EXPONENTIAL: 1,
    points.SUMMARY: 7,
}

Labels = dict[str, str]


@dataclass(frozen=True, slots=True)
class _Resource:
    job: str
    instance: str


@dataclass(frozen=True, slots=True)
class _Scope:
    resource: _Resource
    labels: Labels


@dataclass(frozen=True, slots=True)
class _Metric:
    scope: _Scope
    name: str
    row_kind: str
    point_kind: int
    accumulates: bool


class LabelsTooLongError(Exception):
    """A series' labels are longer than is allowed."""


@dataclass(slots=True)
class SeriesNamer:
    """Gives entries their rows, parents first: a series' metric must have been named before."""

    longest: int
    _resources: dict[int, _Resource] = field(default_factory=dict)
    _scopes: dict[int, _Scope] = field(default_factory=dict)
    _metrics: dict[int, _Metric] = field(default_factory=dict)

    def rows(self, entry: int, name: Name) -> tuple[list[Row], bool]:
        """The rows of an entry, and whether they accumulate from a start that may move.

        A resource has one, ``target_info``, or none; scopes and metrics have none.
        LabelsTooLongError for a series whose labels are longer than is allowed.
        """
        if name.what == RESOURCE:
            return self._resource(entry, name), False
        if name.what == SCOPE:
            self._scopes[entry] = _Scope(self._resources[name.parent], _scope_labels(name.first))
            return [], False
        if name.what == METRIC:
            self._metrics[entry] = self._metric(name)
            return [], False
        metric = self._metrics[name.parent]
        return self._series(metric, name), metric.accumulates

    def _resource(self, entry: int, name: Name) -> list[Row]:
        found = dict(attributes(name.first, 1))
        service, namespace, instance = (found.pop(key, "") for key in _IDENTITY)
        job = f"{namespace}/{service}" if namespace and service else service
        self._resources[entry] = _Resource(job, instance)
        labels = labels_of(found.items())
        if not labels or not (job or instance) or _length(labels) > self.longest:
            return []
        return [_row(TARGET_INFO, labels, self._resources[entry], "gauge")]

    def _metric(self, name: Name) -> _Metric:
        kind = name.traits & 0xFF
        delta = name.traits >> points.TEMPORALITY_SHIFT & 0xFF == points.DELTA
        monotonic = bool(name.traits >> points.MONOTONIC_SHIFT)
        counter = kind == points.SUM and monotonic and not delta
        histogram = kind in (points.HISTOGRAM, points.EXPONENTIAL)
        if delta:
            row_kind = "delta"
        elif histogram:
            row_kind = "histogram"
        elif kind == points.SUMMARY:
            row_kind = "summary"
        else:
            row_kind = "counter" if counter else "gauge"
        plain = metric_name(
            name.first.decode("utf-8", "replace"),
            name.second.decode("utf-8", "replace"),
            counter=counter,
            ratio=kind == points.GAUGE,
        )
        accumulates = counter or (histogram and not delta)
        return _Metric(self._scopes[name.parent], plain, row_kind, kind, accumulates)

    def _series(self, metric: _Metric, name: Name) -> list[Row]:
        labels = labels_of(attributes(name.first, _ATTRIBUTES[metric.point_kind]))
        labels |= metric.scope.labels
        if not metric.name or _length(labels) + len(metric.name) > self.longest:
            raise LabelsTooLongError
        resource, kind = metric.scope.resource, metric.row_kind
        if metric.point_kind in (points.GAUGE, points.SUM):
            return [_row(metric.name, labels, resource, kind)]
        rows = [
            _row(metric.name + suffix, {**labels, **more}, resource, kind)
            for suffix, more in _bounds(metric.point_kind, name)
        ]
        if name.traits & points.HAS_SUM:
            rows.append(_row(f"{metric.name}_sum", labels, resource, kind))
        rows.append(_row(f"{metric.name}_count", labels, resource, kind))
        return rows


def _bounds(kind: int, name: Name) -> Iterator[tuple[str, Labels]]:
    """The suffix and the label of each bucket or quantile, in the order of their values."""
    if kind == points.SUMMARY:
        for quantile in np.frombuffer(name.second, "<f8").tolist():
            yield "", {"quantile": number_text(quantile)}
        return
    if kind == points.HISTOGRAM:
        bounds = np.frombuffer(name.second, "<f8").tolist()
    elif name.second:
        shape = np.frombuffer(name.second, "<i8")
        scale, first, count, negative, negatives, _ = shape.tolist()
        bounds = bounds_of(scale, first, count, negative, negatives)
        bounds.insert(negatives, float(shape[5:].view("<f8")[0]))
    else:
        bounds = []
    for bound in (*bounds, float("inf")):
        yield "_bucket", {"le": number_text(bound)}


def _scope_labels(message: bytes) -> Labels:
    """``otel_scope_name``, ``otel_scope_version`` and an ``otel_scope_`` for each attribute."""
    labels: Labels = {}
    for attribute, value in sorted(labels_of(attributes(message, 3)).items()):
        labels[label_name(f"otel_scope_{attribute}")] = value
    for number, content in fields(message):
        if number in (1, 2):
            labels["otel_scope_name" if number == 1 else "otel_scope_version"] = text(content)
    return labels


def _length(labels: Labels) -> int:
    return sum(len(key) + len(value) for key, value in labels.items())


def _row(name: str, labels: Labels, resource: _Resource, kind: str) -> Row:
    series = Series.of(name, labels.items(), resource.job, resource.instance)
    return (name, kind), series.labels, series.series_id

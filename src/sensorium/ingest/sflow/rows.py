"""Rows that the kernel wrote, as a batch of FLOWS."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.ingest.sflow import columns
from sensorium.ingest.sflow import layout as at
from sensorium.model.signals import ADDRESS, FLOWS, FlowType

Int64s = npt.NDArray[np.int64]

_TYPE_NAMES = pa.array([kind.value for kind in FlowType], pa.string())
_TYPE = list(FlowType).index(FlowType.SFLOW_5)

EMPTY = pa.RecordBatch.from_pylist([], schema=FLOWS)


def batch(rows: Int64s, heads: Int64s, arrival: Int64s, attributes: pa.MapArray) -> pa.RecordBatch:
    """The record batch of ``rows`` int64 (n, columns.WIDTH); the head's columns join here.

    ``arrival`` int64 (datagrams,) in Unix nanoseconds.
    """
    own = heads[rows[:, columns.HEAD]]
    received = pa.array(arrival[rows[:, columns.HEAD]])
    kinds = pa.array(np.full(len(rows), _TYPE, np.int8))
    known = {
        "type": pa.DictionaryArray.from_arrays(kinds, _TYPE_NAMES, safe=False),
        "time_received_ns": received,
        # A sample is one packet, of which nothing is known but when word of it came.
        "time_flow_start_ns": received,
        "time_flow_end_ns": received,
        "sampler_address": _addresses(own, at.H_ADDRESS_HIGH),
        "observation_domain_id": pa.array(own[:, at.H_SUB_AGENT].astype(np.uint32)),
        "sequence_num": pa.array(own[:, at.H_SEQUENCE].astype(np.uint32)),
        "attributes": attributes,
    }
    arrays = [
        known[field.name] if field.name in known else _column(rows, field.name, field.type)
        for field in FLOWS
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=FLOWS)


def _column(rows: Int64s, name: str, kind: pa.DataType) -> pa.Array:
    place: int = getattr(columns, name.upper())
    if kind == ADDRESS:
        return _addresses(rows, place)
    return pa.array(rows[:, place].astype(kind.to_pandas_dtype()))


def _addresses(table: Int64s, place: int) -> pa.Array:
    """Two neighbouring columns as 16 bytes."""
    halves = np.ascontiguousarray(table[:, place : place + 2])
    return pa.Array.from_buffers(ADDRESS, len(table), [None, pa.py_buffer(halves)])

"""Flow records out of Arrow, with addresses as small integers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sensorium.detect.arrays import I64, U8, Bool
from sensorium.detect.flows.window import Addresses, Records
from sensorium.detect.keys import address_keys, combine
from sensorium.model.address import V4_PREFIX

_ADDRESS_COLUMNS = ("src_addr", "dst_addr", "sampler_address")
_V4 = np.frombuffer(V4_PREFIX, np.uint8)


def read_records(batch: pa.RecordBatch) -> tuple[Addresses, Records]:
    """Turn a window's rows of the flows schema into arrays.

    Volumes are multiplied by the sampling rate where it is known; the number of records is not.
    """
    addresses, (source, target, exporter) = _intern(batch)
    scale = np.maximum(_column(batch, "sampling_rate"), 1)
    in_if, out_if = _column(batch, "in_if"), _column(batch, "out_if")
    proto = _column(batch, "proto")
    with_ports = np.isin(proto, (6, 17, 132, 33, 136))
    target_port = _column(batch, "dst_port")
    # Exporters put ICMP's type and code into the destination port where no field carries them.
    icmp_type = np.maximum(_column(batch, "icmp_type"), np.where(proto == 1, target_port >> 8, 0))
    point = combine(
        addresses.keys[exporter],
        _column(batch, "observation_domain_id").astype(np.uint64),
        ((in_if << 32) ^ out_if).astype(np.uint64),
        _column(batch, "flow_direction").astype(np.uint64),
    )
    return addresses, Records(
        exporter=exporter,
        source=source,
        target=target,
        source_port=np.where(with_ports, _column(batch, "src_port"), 0),
        target_port=np.where(with_ports, target_port, 0),
        proto=proto,
        flags=_column(batch, "tcp_flags"),
        icmp_type=icmp_type,
        bytes=_column(batch, "bytes") * scale,
        packets=_column(batch, "packets") * scale,
        in_if=in_if,
        out_if=out_if,
        start=_column(batch, "time_flow_start_ns"),
        end=_column(batch, "time_flow_end_ns"),
        point=point,
    )


def _column(batch: pa.RecordBatch, name: str) -> I64:
    column = batch.column(name)
    if column.null_count:
        column = column.fill_null(0)
    return np.asarray(column.to_numpy(zero_copy_only=False), np.int64)


def _intern(batch: pa.RecordBatch) -> tuple[Addresses, list[I64]]:
    columns = [batch.column(name) for name in _ADDRESS_COLUMNS]
    encoded = pa.concat_arrays(columns).fill_null(bytes(16)).dictionary_encode()
    dictionary = encoded.dictionary
    packed = np.frombuffer(b"".join(dictionary.to_pylist()), np.uint8).reshape(-1, 16)
    order = np.lexsort(packed.T[::-1])
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    codes = rank[encoded.indices.to_numpy(zero_copy_only=False)]
    packed = packed[order]
    addresses = Addresses(packed, address_keys(packed), _is_group(packed))
    return addresses, np.split(codes, len(_ADDRESS_COLUMNS))


def _is_group(packed: U8) -> Bool:
    mapped = (packed[:, :12] == _V4).all(axis=1)
    first = packed[:, 12]
    v4 = mapped & (((first >= 224) & (first < 240)) | (packed[:, 12:] == 255).all(axis=1))
    v4 |= mapped & (packed[:, 12:] == 0).all(axis=1)
    return np.asarray(v4 | (packed[:, 0] == 0xFF) | (packed == 0).all(axis=1), np.bool_)

"""Parts of a graph in the layout of PyG's partitioner, for training on several machines.

``META.json``, ``node_map.pt`` and ``edge_map.pt`` (the part of each node and arc), and for each
part ``part_N/graph.pt`` (arcs that end there, by their ends and sources, in rows of the whole
graph), ``node_feats.pt`` (which rows, and ``x``) and ``edge_feats.pt`` (times, where there are).
``LocalGraphStore.from_partition`` and ``LocalFeatureStore.from_partition`` of PyG read it;
cuGraph's stores take the same arrays, each machine those of its own part. ``names.parquet`` says
which id a row is.
"""

from __future__ import annotations

import json
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet

from sensorium.errors import SensoriumError, UsageError
from sensorium.links.optional import load_torch

if TYPE_CHECKING:
    from sensorium.links.graph.features import Features
    from sensorium.links.graph.reading import Edges

I64 = npt.NDArray[np.int64]


def write_parts(read: Edges, features: Features | None, part: I64, folder: Path) -> None:
    """Write a graph whose node n lies in ``part[n]``; ``folder`` must not be there yet.

    ``x`` are the features, else the logarithm of a node's degree in one column, float32 (nodes of
    the part, columns). Raises UsageError where the folder cannot be made,
    and SensoriumError where it cannot be written; then, or broken off, nothing of it is left.
    """
    load_torch()
    count = int(part.max()) + 1
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise UsageError(
            f"cannot make {folder}: {error.strerror or error}", next_step="name a new folder"
        ) from error
    try:
        _write(read, features, part, folder, count)
    except BaseException as error:
        # A part of the parts would be taken for all, and be in the way when this is tried again.
        rmtree(folder, ignore_errors=True)
        # torch says what went wrong with its files as RuntimeError.
        if isinstance(error, (OSError, RuntimeError)):
            said = str(error).splitlines()[0]
            raise SensoriumError(
                f"cannot write {folder}: {said}",
                unaffected="nothing is left there",
                next_step="see that its disk has room, or name another folder",
            ) from error
        raise


def _write(read: Edges, features: Features | None, part: I64, folder: Path, count: int) -> None:
    import torch

    graph = read.graph
    of_arc = part[graph.sources()]
    torch.save(torch.from_numpy(part), folder / "node_map.pt")
    torch.save(torch.from_numpy(of_arc), folder / "edge_map.pt")
    parquet.write_table(pa.table({"id": read.names.ids, "part": part}), folder / "names.parquet")
    for number in range(count):
        arcs, rows = np.flatnonzero(of_arc == number), np.flatnonzero(part == number)
        here = folder / f"part_{number}"
        here.mkdir()
        torch.save(_arcs(read, arcs), here / "graph.pt")
        x = torch.from_numpy(_inputs(read, features, rows))
        torch.save({"global_id": torch.from_numpy(rows), "feats": {"x": x}}, here / "node_feats.pt")
        torch.save(_times(read, arcs), here / "edge_feats.pt")
    meta = {
        "num_parts": count,
        "node_types": None,
        "edge_types": None,
        "node_offset": None,
        "is_hetero": False,
        "is_sorted": True,
    }
    (folder / "META.json").write_text(json.dumps(meta), encoding="utf-8")


def _arcs(read: Edges, arcs: I64) -> dict[str, Any]:
    """Who hears is the column, as PyG has it; rows of a graph are in the order of who hears."""
    import torch

    graph = read.graph
    return {
        "edge_id": torch.from_numpy(arcs),
        "row": torch.from_numpy(graph.indices[arcs].astype(np.int64)),
        "col": torch.from_numpy(graph.sources()[arcs].astype(np.int64)),
        "size": (graph.nodes, graph.nodes),
    }


def _inputs(read: Edges, features: Features | None, rows: I64) -> npt.NDArray[np.float32]:
    if features is None:
        return np.log1p(read.graph.degree()[rows]).astype(np.float32)[:, None]
    dense: npt.NDArray[np.float32] = features.normal[rows].toarray()
    return dense


def _times(read: Edges, arcs: I64) -> dict[str, Any]:
    import torch

    if read.graph.times is None:
        return {}
    return {"edge_time": torch.from_numpy(read.graph.times[arcs])}

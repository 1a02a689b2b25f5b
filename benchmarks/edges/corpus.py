"""The edges on disk, 4.5 million of them, and what each was part of."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

ROOT = Path(__file__).resolve().parents[2]
_MEMBER = "darpa_original.csv"
_COLUMNS = ("source", "target", "time", "attack")
_BENIGN = "-"


def file() -> Path:
    """Where the archive lies: beside the checkout, or where SENSORIUM_TEST_DATA says."""
    root = Path(os.environ.get("SENSORIUM_TEST_DATA", ROOT.parent / "shared" / "data"))
    return root / "darpa" / "darpa_original.zip"


@dataclass(frozen=True, slots=True)
class Edges:
    """``n`` edges in order of time.

    ``source`` and ``target`` int64 (n,) index ``nodes``, the addresses; ``tick`` int64 (n,)
    indexes ``minutes``, the distinct times as they are written (some are on no calendar);
    ``attack`` int64 (n,) indexes ``attacks``, of which 0 is none.
    """

    source: npt.NDArray[np.int64]
    target: npt.NDArray[np.int64]
    tick: npt.NDArray[np.int64]
    attack: npt.NDArray[np.int64]
    nodes: list[str]
    minutes: list[str]
    attacks: list[str]

    def __len__(self) -> int:
        return len(self.source)

    @property
    def odd(self) -> npt.NDArray[np.bool_]:
        """Which are part of an attack."""
        return self.attack > 0


def edges(path: Path) -> Edges:
    """Read the archive; its minutes are in order, each in one run."""
    with zipfile.ZipFile(path) as archive, archive.open(_MEMBER) as member:
        table = csv.read_csv(
            pa.PythonFile(member),
            read_options=csv.ReadOptions(column_names=list(_COLUMNS)),
            convert_options=csv.ConvertOptions(column_types=dict.fromkeys(_COLUMNS, pa.string())),
        )
    ends = [table[name].combine_chunks() for name in ("source", "target")]
    nodes, node = _coded(pa.concat_arrays(ends))
    minutes, tick = _coded(table["time"].combine_chunks())
    attacks, attack = _coded(
        pa.concat_arrays([pa.array([_BENIGN]), table["attack"].combine_chunks()])
    )
    n = table.num_rows
    return Edges(node[:n], node[n:], tick, attack[1:], nodes, minutes, attacks)


def _coded(column: pa.Array) -> tuple[list[str], npt.NDArray[np.int64]]:
    """The distinct texts in order of appearance, and each row's place among them."""
    coded = column.dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy().astype(np.int64)

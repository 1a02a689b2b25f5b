"""VUS-PR of our scores and of the peers', by the implementation of the TSB-AD benchmark.

Run as a program in the peers' environment it reads ``{"folder", "machines", "ours": folder of
machine.npy, "peers": [name, ...]}`` and prints ``{scorer: {machine: VUS-PR}}``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

WINDOW: Final = 100
"""Half the longest buffer around an anomaly, as in TSB-AD's own runs."""
PACKAGES: Final = ["scikit-learn==1.9.1", "pyod==3.6.7", "tqdm", "pandas"]
ALONE: Final = ["TSB-AD==1.5"]
OURS: Final = "sensorium"
ROOT: Final = Path(__file__).resolve().parents[2]


def judge(
    folder: Path, machines: list[str], ours: Path, peers: list[str]
) -> dict[str, dict[str, float]]:
    """Score every machine with every peer, and judge them and ours alike."""
    from benchmarks.peer_environment import peer_python

    asked = {"folder": str(folder), "machines": machines, "ours": str(ours), "peers": peers}
    command = [str(peer_python("smd", PACKAGES, ALONE)), __file__]
    done = subprocess.run(
        command, input=json.dumps(asked), stdout=subprocess.PIPE, text=True, check=True
    )
    answer: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _pca(components: float) -> Callable[[Matrix, Matrix], Matrix]:
    def score(train: Matrix, test: Matrix) -> Matrix:
        scaler = import_module("sklearn.preprocessing").StandardScaler().fit(train)
        kind = import_module("sklearn.decomposition").PCA
        model = kind(components, svd_solver="full").fit(scaler.transform(train))
        rows = scaler.transform(test)
        rebuilt = model.inverse_transform(model.transform(rows))
        return np.asarray(((rows - rebuilt) ** 2).sum(axis=1), np.float64)

    return score


def _forest(train: Matrix, test: Matrix) -> Matrix:
    kind = import_module("sklearn.ensemble").IsolationForest
    return np.asarray(-kind(n_estimators=100, random_state=0).fit(train).score_samples(test))


def _pyod(module: str, name: str, **given: Any) -> Callable[[Matrix, Matrix], Matrix]:
    def score(train: Matrix, test: Matrix) -> Matrix:
        scaler = import_module("sklearn.preprocessing").StandardScaler().fit(train)
        model = getattr(import_module(f"pyod.models.{module}"), name)(**given)
        model.fit(scaler.transform(train))
        return np.asarray(model.decision_function(scaler.transform(test)), np.float64)

    return score


PEERS: Final[dict[str, Callable[[Matrix, Matrix], Matrix]]] = {
    "PCA, 10 components": _pca(10),
    "PCA, 20 components": _pca(20),
    "PCA, 90 % of variance": _pca(0.9),
    "PCA, 99 % of variance": _pca(0.99),
    "Isolation Forest": _forest,
    "PyOD HBOS": _pyod("hbos", "HBOS"),
    "PyOD ECOD": _pyod("ecod", "ECOD"),
    "PyOD COPOD": _pyod("copod", "COPOD"),
    "PyOD PCA": _pyod("pca", "PCA"),
    "PyOD MCD": _pyod("mcd", "MCD", random_state=0),
    "PyOD CBLOF": _pyod("cblof", "CBLOF", random_state=0),
}


def main() -> None:
    """What the peers' own interpreter runs."""
    asked = json.load(sys.stdin)
    curve = import_module("TSB_AD.evaluation.basic_metrics").generate_curve
    found: dict[str, dict[str, float]] = {name: {} for name in (OURS, *asked["peers"])}
    for machine in asked["machines"]:
        data = np.load(Path(asked["folder"]) / f"{machine}.npz", allow_pickle=False)
        train, test = data["train"].astype(np.float64), data["test"].astype(np.float64)
        label = data["label"].astype(int).ravel()
        for name, by_machine in found.items():
            if name == OURS:
                scores = np.load(Path(asked["ours"]) / f"{machine}.npy", allow_pickle=False)
            else:
                scores = PEERS[name](train, test)
            by_machine[machine] = float(curve(label, scores, WINDOW, "opt", 250)[-1])
            print(f"{machine}, {name}: {by_machine[machine]:.3f}", file=sys.stderr, flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()

"""What people write to serve a detector: scikit-learn's Isolation Forest behind FastAPI.

``python -m benchmarks.serving.plain PORT COLUMNS`` fits one on made-up rows and serves it, with
the same web server, event loop and parser as ours.
"""

from __future__ import annotations

import sys

import numpy as np
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sklearn.ensemble import IsolationForest


class Rows(BaseModel):
    """Rows of numbers."""

    rows: list[list[float]]


def fitted(columns: int) -> IsolationForest:
    """A forest of a hundred trees on 10,000 made-up rows; also the one that ours is given."""
    rows = np.random.default_rng(0).normal(size=(10_000, columns))
    return IsolationForest(n_estimators=100, max_samples=256, random_state=0, n_jobs=1).fit(rows)


def application(columns: int) -> FastAPI:
    """The application."""
    app, forest = FastAPI(), fitted(columns)

    @app.post("/score")
    def score(body: Rows) -> dict[str, list[float]]:
        return {"score": (-forest.score_samples(np.array(body.rows))).tolist()}

    return app


if __name__ == "__main__":
    port, columns = map(int, sys.argv[1:])
    uvicorn.run(application(columns), host="127.0.0.1", port=port, log_level="warning")

"""A training that can be gone on with: weights and an optimiser's state, never pickled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import torch

from sensorium.errors import SensoriumError
from sensorium.links.tensors import write_tensors

_TENSORS: Final = "checkpoint.safetensors"
_REST: Final = "checkpoint.json"


def save(
    folder: Path,
    tensors: dict[str, dict[str, torch.Tensor]],
    optimiser: torch.optim.Optimizer,
    state: dict[str, Any],
) -> None:
    """Write groups of tensors, an optimiser and a JSON-able state; the JSON last, as one rename.

    Raises OSError where that cannot be written; what was saved before stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    flat = {f"{group}/{name}": of for group, one in tensors.items() for name, of in one.items()}
    for n, held in optimiser.state_dict()["state"].items():
        flat |= {f"optimiser/{n}/{name}": torch.as_tensor(of) for name, of in held.items()}
    name = f"{state['epoch']}-{_TENSORS}"
    whole = {key: of.detach().contiguous().clone() for key, of in flat.items()}
    write_tensors(whole, folder / name)
    fresh = folder / f"{_REST}.new"
    fresh.write_text(json.dumps({**state, "tensors": name}), encoding="utf-8")
    fresh.replace(folder / _REST)
    for old in folder.glob(f"*-{_TENSORS}"):
        if old.name != name:
            old.unlink()


def load(
    folder: Path, optimiser: torch.optim.Optimizer, wanted: dict[str, Any]
) -> tuple[dict[str, dict[str, torch.Tensor]], dict[str, Any]] | None:
    """What was saved, the optimiser's state put back; None where nothing was.

    Raises SensoriumError where the state's ``run`` is another than ``wanted``.
    """
    from safetensors.torch import load_file

    try:
        state = json.loads((folder / _REST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if state["run"] != wanted:
        raise SensoriumError(
            f"{folder} holds a training of other data or with other settings",
            unaffected="it is left as it is",
            next_step="go on with the settings of then, remove it, or begin anew: fit --fresh",
        )
    tensors: dict[str, dict[str, torch.Tensor]] = {}
    held: dict[int, dict[str, torch.Tensor]] = {}
    for key, of in load_file(folder / state["tensors"]).items():
        group, _, name = key.partition("/")
        if group == "optimiser":
            n, _, name = name.partition("/")
            held.setdefault(int(n), {})[name] = of
        else:
            tensors.setdefault(group, {})[name] = of
    saved = optimiser.state_dict()
    optimiser.load_state_dict({**saved, "state": held})
    return tensors, state

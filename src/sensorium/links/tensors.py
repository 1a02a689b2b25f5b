"""Files of tensors, never pickled, whose errors are those of any file."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import torch

_NUMBER: Final = re.compile(r"\(os error (\d+)\)")


def write_tensors(tensors: dict[str, torch.Tensor], path: Path) -> None:
    """Write contiguous tensors. Raises OSError where the disk is full or takes no file."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    try:
        save_file(tensors, path)
    except SafetensorError as error:
        found = _NUMBER.search(str(error))
        if found is None:
            raise
        number = int(found[1])
        raise OSError(number, os.strerror(number), str(path)) from error

"""An environment of its own for what a benchmark runs beside us, made when first asked for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def peer_python(name: str, packages: list[str], alone: list[str] | None = None) -> Path:
    """The interpreter of ``.venv-NAME``, which holds ``packages``.

    ``alone`` are installed without what they ask for: packages of which one small part is needed.
    """
    venv = ROOT / f".venv-{name}"
    python = venv / "bin" / "python"
    if (venv / "installed").exists():
        return python
    print(f"installing {', '.join(packages + (alone or []))} into {venv.name} (once)", flush=True)
    subprocess.run([ROOT / "tools" / "make-venv", sys.executable, venv], check=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    try:
        if packages:
            subprocess.run([*pip, *packages], check=True)
        if alone:
            subprocess.run([*pip, "--no-deps", *alone], check=True)
    except subprocess.CalledProcessError:
        shutil.rmtree(venv)
        raise
    (venv / "installed").touch()
    return python

"""Output in an encoding that lacks letters is readable all the same, and JSON stays JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BODY = "gr\u00fc\u00dfe \u2603 \U0001f680"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_what_the_encoding_lacks_is_escaped_as_json_does(tmp_path: Path, encoding: str) -> None:
    log = tmp_path / "a.log"
    log.write_text(f"<34>1 2026-01-01T00:00:00Z h app - - - {BODY}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "sensorium", "decode", str(log)],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.decode(encoding))["body"] == BODY

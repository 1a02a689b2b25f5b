"""What glibc's own account says of arenas, in processes with many threads."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import ctypes, sys, threading
if sys.argv[2] == "shared":
    from sensorium.process.allocation import share_arenas
    assert share_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
together = threading.Barrier(12)

def work():
    together.wait()
    for size in range(64, 4096, 64):
        libc.malloc(size)
    together.wait()

threads = [threading.Thread(target=work) for _ in range(12)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc.fopen.restype = ctypes.c_void_p
libc.fopen.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.fclose.argtypes = [ctypes.c_void_p]
file = libc.fopen(sys.argv[1].encode(), b"w")
assert libc.malloc_info(0, file) == 0
libc.fclose(file)
"""


def arenas(folder: Path, how: str) -> int:
    account = folder / "account.xml"
    subprocess.run([sys.executable, "-c", _PROGRAM, str(account), how], check=True)
    return account.read_text(encoding="utf-8").count("<heap nr=")


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or not hasattr(ctypes.CDLL(None), "malloc_info"),
    reason="the C library is not glibc, which has these arenas",
)
def test_threads_of_the_service_share_two_arenas(tmp_path: Path) -> None:
    assert arenas(tmp_path, "shared") <= 2 < arenas(tmp_path, "as they are")

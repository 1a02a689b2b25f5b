"""The process that holds the model: ``python -m sensorium.gateway.providers.local.child``.

It reads one line of JSON from standard input, answers with one line on standard output (where it
listens, or why it does not), and serves llama.cpp's OpenAI-compatible HTTP on loopback until
standard input is closed, which happens when its parent ends, however that ends.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from sensorium.gateway.providers.local.model_file import TEMPLATE, packaged_model


def serve(asked: dict[str, Any]) -> tuple[Any, str]:
    """Load the model; the server, and its URL."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    if asked["model_file"]:
        path = Path(asked["model_file"])
    else:
        path = packaged_model()
        params.chat_template = TEMPLATE
    if not path.is_file():
        raise FileNotFoundError("there is no such model file")
    params.model.path = str(path)
    params.model_alias = {path.stem}
    params.n_ctx = asked["context_tokens"]
    params.n_parallel = 1
    params.cpuparams.n_threads = asked["threads"] or os.cpu_count() or 1
    params.verbosity = -1
    params.warmup = False
    params.offline = True
    # Others on this machine can connect to loopback: they need the key, and see no prompts.
    params.hostnames = ["127.0.0.1"]
    params.api_keys = [asked["key"]]
    params.ui = False
    params.endpoint_slots = params.endpoint_props = params.endpoint_metrics = False
    server = xllamacpp.Server(params)
    return server, server.listening_address


def main() -> None:
    """Serve until standard input is closed."""
    # What llama.cpp prints must not mix with the one line that is an answer.
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        server, url = serve(json.loads(sys.stdin.readline()))
        answer = {"url": url}
    except Exception as error:  # noqa: BLE001  whatever it is, the parent is told
        server, answer = None, {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), file=said, flush=True)
    if server is not None:
        sys.stdin.read()
    os._exit(0)  # threads of llama.cpp may be at work


if __name__ == "__main__":
    main()

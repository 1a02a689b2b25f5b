"""Our receiver and decoder as a process of its own, on one core, as the service wires them.

Run by :mod:`benchmarks.wire_receive`. It says which port it has, then answers each line on
standard input with one line: datagrams, records, and the kernel's drops so far.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time

from sensorium.app.preparation.steps import prepare_decoders
from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder
from sensorium.ingest.transport import UdpConfig, UdpReceiver
from sensorium.observe import Observe
from sensorium.pipeline.config import InboxConfig
from sensorium.pipeline.inbox import Inbox
from sensorium.process.allocation import share_arenas

# The service stores and scores what it decoded before it looks again; nothing does so here.
TURN_S = 0.02


class Pipeline:
    """A thread that empties an inbox and decodes what was in it; the rows go nowhere."""

    def __init__(self, observe: Observe) -> None:
        self.inbox = Inbox(InboxConfig(), observe, time.time_ns)
        self._decoder = NetflowDecoder(NetflowConfig(), observe)
        self.records = self.datagrams = 0

    def run(self) -> None:
        """Until the process ends."""
        while True:
            if not self.inbox.pieces():
                time.sleep(TURN_S)
            arrivals, _ = self.inbox.take(0.5)
            if arrivals is not None and len(arrivals.datagrams):
                self.records += self._decoder.decode(arrivals.datagrams).num_rows
                self.datagrams += len(arrivals.datagrams)


async def serve(config: UdpConfig) -> None:
    observe = Observe()
    pipeline = Pipeline(observe)
    receiver = UdpReceiver(config, pipeline.inbox.put_datagrams, observe, clock_ns=time.time_ns)
    # As the service does before it is ready: loading compiled kernels is no part of receiving.
    prepare_decoders()
    receiver.bind()
    threading.Thread(target=pipeline.run, daemon=True).start()
    receiving = asyncio.create_task(receiver.run())
    loop = asyncio.get_running_loop()
    print(receiver.ports[0], flush=True)

    def dropped(reason: str) -> float:
        return observe.value(
            "sensorium_ingest_dropped_total", {"protocol": "udp", "reason": reason}
        )

    while await loop.run_in_executor(None, sys.stdin.readline):
        drops = dropped("kernel_buffer_full"), dropped("queue_full")
        print(pipeline.datagrams, pipeline.records, *drops, flush=True)
    receiving.cancel()
    await asyncio.wait([receiving])


def main() -> None:
    core, settings = int(sys.argv[1]), json.loads(sys.argv[2])
    if core >= 0:
        os.sched_setaffinity(0, {core})
    share_arenas()
    asyncio.run(serve(UdpConfig(host="127.0.0.1", ports=(0,), **settings)))


if __name__ == "__main__":
    main()

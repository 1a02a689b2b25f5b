"""How many records a second come in over loopback UDP and are decoded, on one core.

A sender on another core offers the same datagrams at rising rates, in long runs (UDP_SEGMENT), so
that it is not the limit; the collector's kernel parts them again. Ours receives, queues and decodes
into columns, as the service does before it stores. nfcapd (nfdump) writes its files into memory;
nfacctd (pmacct) is asked for the least that it can do. The highest rate is the one offered with
under 0.1 % lost; the rate per core-second is what was decoded over the collector's processor time
at that rate, the kernel's part included (/proc). On a busy machine both are lower bounds: the
first by much, the second by what caches and waking cost.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.loopback.collectors import Collector, Ours, Peer, installed
from benchmarks.report import Claim, arguments, report
from benchmarks.wire_decode import streams
from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder
from sensorium.observe import Observe

LOSS = 0.001
MILLION = 1_000_000
OUR_RATES = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20)
PEER_RATES = (0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 6, 8)
QUICK_RATES = (2, 5)
QUICK_PEER_RATES = (0.5, 2)
PEERS = ("nfcapd", "nfacctd")


@dataclass(frozen=True, slots=True)
class Step:
    """One rate that was offered, in records a second, the part lost, and records a core-second."""

    rate: float = 0.0
    lost: float = 0.0
    per_core: float = 0.0


class Sender:
    """The process that sends one stream."""

    def __init__(self, name: str) -> None:
        self.records = _records_each(name)
        core = 1 if (os.cpu_count() or 1) > 1 else -1
        command = [sys.executable, "-m", "benchmarks.loopback.sender", name]
        self._process = subprocess.Popen(
            [*command, str(self.records), str(core)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def send(self, port: int, rate: float, seconds: float) -> tuple[int, float]:
        """Send ``rate`` records a second; how many datagrams went, in how many seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{port} {rate / self.records} {seconds} 1\n")
        self._process.stdin.flush()
        sent, took = self._process.stdout.readline().split()
        return int(sent), float(took)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def _records_each(name: str) -> int:
    (stream,) = (stream for stream in streams() if stream.name == name)
    payloads = [*stream.setup, stream.payloads[0]]
    n = len(payloads)
    slab = Datagrams.of(payloads, arrival_ns=[time.time_ns()] * n, src_addr=[bytes(16)] * n)
    return int(NetflowDecoder(NetflowConfig(), Observe()).decode(slab).num_rows)


def offer(collector: Collector, sender: Sender, rate: float, seconds: float) -> Step:
    """Offer one rate for some seconds and wait until what came is decoded."""
    before, spent = collector.datagrams(), collector.cpu_s()
    sent, took = sender.send(collector.port, rate, seconds)
    if isinstance(collector, Peer):
        collector.sent += sent
    collector.settle()
    taken = collector.datagrams() - before
    spent = collector.cpu_s() - spent
    records = taken * sender.records
    return Step(sent * sender.records / took, 1 - taken / sent, records / max(spent, 0.01))


def highest(
    collector: Collector, sender: Sender, rates: Sequence[float], seconds: float
) -> tuple[Step, Step]:
    """The highest rate under the bound of loss, and the last step that was tried."""
    sender.send(collector.port, 10_000, 0.3)  # templates, and whatever is done once
    if isinstance(collector, Ours):
        while not collector.datagrams():
            time.sleep(0.2)
    collector.settle()
    if isinstance(collector, Peer):
        collector.sent = 0
    best = last = Step()
    for rate in rates:
        for _ in range(3):  # another program's turn on our core is not our limit
            last = offer(collector, sender, rate * MILLION, seconds)
            if last.lost < LOSS:
                break
        if last.lost >= LOSS:
            break
        if last.rate <= best.rate * 1.02:  # the sender has no more to offer
            break
        best = last
    if not best.rate:  # none was low enough; what a record costs is known all the same
        best = Step(per_core=last.per_core)
    print(
        f"{collector.name}: best {best.rate / MILLION:.2f} M records/s, "
        f"{best.per_core / MILLION:.2f} M a core-second; last offered "
        f"{last.rate / MILLION:.2f} M with {last.lost:.2%} lost",
        flush=True,
    )
    return best, last


def measured(collector: Collector, sender: Sender, rates: Sequence[float], seconds: float) -> Step:
    """The best step of a collector, which is then ended."""
    try:
        return highest(collector, sender, rates, seconds)[0]
    finally:
        collector.close()


def claims_of(name: str, *, quick: bool) -> list[Claim]:
    """Ours beside its plain fallback and the peers, on one stream."""
    sender = Sender(name)
    seconds = 1.0 if quick else 2.0
    goals = ("", "") if name != "NetFlow v5" else (">= 5_000_000", ">= 10x")
    rates = QUICK_RATES if quick else OUR_RATES
    peer_rates = QUICK_PEER_RATES if quick else PEER_RATES
    claims = []
    try:
        ours = measured(Ours(), sender, rates, seconds)
        plain = measured(Ours("plain fallback", batched=False), sender, peer_rates, seconds)
        highest_claim, core_claim = f"{name}, highest rate", f"{name}, per core-second"
        claims.append(Claim(highest_claim, ours.rate, "records/s", goal=goals[0]))
        claims.append(
            Claim(core_claim, ours.per_core, "records/core-s", "plain fallback", plain.per_core)
        )
        if not quick:
            joined = measured(Ours("joined by the kernel", coalesce=True), sender, rates, seconds)
            claims.append(
                Claim(
                    f"{name}, joined (UDP_GRO)", joined.rate, "records/s", "one by one", ours.rate
                )
            )
            claims.append(
                Claim(
                    f"{name}, joined (UDP_GRO)",
                    joined.per_core,
                    "records/core-s",
                    "one by one",
                    ours.per_core,
                )
            )
        for peer in PEERS:
            if not installed(peer):
                claims.append(
                    Claim(core_claim, ours.per_core, "records/core-s", f"{peer}: not installed")
                )
                continue
            theirs = measured(Peer(peer), sender, peer_rates, seconds)
            claims.append(Claim(highest_claim, ours.rate, "records/s", peer, theirs.rate))
            claims.append(
                Claim(core_claim, ours.per_core, "records/core-s", peer, theirs.per_core, goals[1])
            )
    finally:
        sender.close()
    return claims


def main() -> None:
    quick = arguments(__doc__).quick
    names = ("NetFlow v5",) if quick else ("NetFlow v5", "NetFlow v9", "IPFIX")
    claims = [claim for name in names for claim in claims_of(name, quick=quick)]
    report("receive over loopback UDP and decode, one core, under 0.1 % lost", claims)


if __name__ == "__main__":
    main()

"""What a gateway adds to a model call, beside LiteLLM's proxy and no gateway at all.

One run, one machine, one mock upstream in a process of its own; ours with a virtual key and the
ledger on, LiteLLM's with a master key and no database. Added latency is a percentile with the
gateway less the same percentile without. Requests a second are for each core: what was answered by
the processor time that the gateway's processes used. Each part alternates between the peers, so
that a busy machine is busy for all.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

import uvloop

from benchmarks.gateway.load import Tally, drive, quantile, request
from benchmarks.gateway.processes import Peer, install_litellm, litellm, ours, upstream
from benchmarks.report import Claim, arguments, report

A = TypeVar("A")
STREAMS = 100
CHUNKS = 64
# A stream's frames: its chunks, the reason it stopped, the usage, and the end.
FRAMES = CHUNKS + 3


def run(work: Coroutine[Any, Any, A]) -> A:
    """In the loop that the load needs."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def ask(peer: Peer, callers: int, requests: int, *, stream: bool = False) -> Tally:
    """So many requests by so many callers; all of them must be answered."""
    asked = request(peer.url, peer.key, stream=stream)
    tally = run(drive(peer.url, asked, callers=callers, requests=requests))
    if set(tally.statuses) != {200}:
        raise RuntimeError(f"{peer.name}: {tally.statuses}")
    return tally


def in_turns(
    peers: Sequence[Peer], rounds: int, once: Callable[[Peer], Tally]
) -> dict[str, list[Tally]]:
    """``once`` for each peer in turn, again and again."""
    found: dict[str, list[Tally]] = {peer.name: [] for peer in peers}
    for _ in range(rounds):
        for peer in peers:
            found[peer.name].append(once(peer))
    return found


def median_of(tallies: Sequence[Tally], share: float, *, first: bool = False) -> float:
    """The median over rounds of a percentile, in milliseconds."""
    rounds = [one.first if first else one.latencies for one in tallies]
    return statistics.median(quantile(one, share) for one in rounds) * 1e3


def latency(direct: Peer, gateway: Peer, peer: Peer, *, quick: bool) -> list[Claim]:
    """Concurrency 1, an upstream that answers at once."""
    for one in (direct, gateway, peer):
        ask(one, 1, 50)
    count = 100 if quick else 400
    found = in_turns((direct, gateway, peer), 3 if quick else 9, lambda one: ask(one, 1, count))
    claims = []
    for share, name, bound in ((0.5, "p50", 0.5), (0.99, "p99", 1.5)):
        base = median_of(found[direct.name], share)
        added = median_of(found[gateway.name], share) - base
        theirs = median_of(found[peer.name], share) - base
        claims.append(
            Claim(f"added latency, {name}, 1 caller", added, "ms", peer.name, theirs,
                  f"<= {bound}", lower_is_better=True)
        )  # fmt: skip
    streamed = in_turns(
        (direct, gateway, peer), 2 if quick else 5, lambda one: ask(one, 1, 5, stream=True)
    )
    base = median_of(streamed[direct.name], 0.5, first=True)
    added = median_of(streamed[gateway.name], 0.5, first=True) - base
    theirs = median_of(streamed[peer.name], 0.5, first=True) - base
    name = "added delay of the first token, 1 caller"
    claims.append(Claim(name, added, "ms", peer.name, theirs, "<= 2", lower_is_better=True))
    return claims


def throughput(gateway: Peer, peer: Peer, *, quick: bool) -> list[Claim]:
    """Sustained requests for each second of processor time, 20 ms upstream."""

    def per_core(one: Peer, callers: int, requests: int) -> tuple[float, float]:
        ask(one, callers, callers)
        before = one.cpu_s()
        tally = ask(one, callers, requests)
        return tally.good / (one.cpu_s() - before), tally.good / tally.seconds

    ours_core, ours_wall = per_core(gateway, 64, 2000 if quick else 20_000)
    theirs_core, theirs_wall = per_core(peer, 64, 200 if quick else 1000)
    return [
        Claim("requests for each second of a core, 20 ms upstream", ours_core, "/s", peer.name,
              theirs_core, ">= 1_500"),
        Claim("the same, as times of the peer's", ours_core, "/s", peer.name, theirs_core,
              ">= 25x"),
        Claim("requests a second, on this machine with the load beside it", ours_wall, "/s",
              peer.name, theirs_wall),
    ]  # fmt: skip


def streams(direct: Peer, gateway: Peer, *, quick: bool) -> list[Claim]:
    """A hundred streams at once: every frame, and no stall that the upstream does not have."""
    count = STREAMS if quick else 5 * STREAMS
    found = in_turns((direct, gateway), 1, lambda one: ask(one, STREAMS, count, stream=True))
    (base,), (through,) = found[direct.name], found[gateway.name]
    lost = sum(FRAMES - frames for frames in through.frames)
    stall = (max(through.gaps) - max(base.gaps)) * 1e3
    return [
        Claim(f"frames lost, {STREAMS} streams of {CHUNKS} chunks", lost, "frames", goal="<= 0"),
        Claim("longest gap between two chunks, beyond the upstream's", stall, "ms",
              goal="<= 250", lower_is_better=True),
    ]  # fmt: skip


def memory(gateway: Peer, *, quick: bool) -> list[Claim]:
    """Growth while a hundred thousand requests pass."""
    count = 2000 if quick else 100_000
    ask(gateway, 64, count // 5)
    before = gateway.memory_mib()
    ask(gateway, 64, count)
    grown = gateway.memory_mib() - before
    claims = [Claim(f"memory grown over {count:,} requests", max(grown, 0.001), "MiB",
                    goal="<= 16", lower_is_better=True)]  # fmt: skip
    claims.append(Claim("memory", gateway.memory_mib(), "MiB", lower_is_better=True))
    return claims


def published(claims: Sequence[Claim]) -> list[Claim]:
    """Figures of Rust and Go gateways, from their makers and one comparison; other machines.

    TensorZero: "Benchmarks" in its documentation, 10,000 requests a second on a c7i.xlarge with 4
    virtual processors. Bifrost's and Portkey's, and those of LiteLLM's gateway in Rust: BerriAI's
    repository ai-gateway-bench, ``results/latency_vs_concurrency.csv``, concurrency 1, 20 ms
    upstream. Bifrost's own "11 µs" is time inside its process and not what a caller waits.
    """
    by_name = {claim.name: claim.ours for claim in claims}
    p50, p99 = (by_name[f"added latency, {name}, 1 caller"] for name in ("p50", "p99"))

    def beside(name: str, ours_ms: float, peer: str, theirs: float) -> Claim:
        return Claim(name, ours_ms, "ms", peer, theirs, published=True, lower_is_better=True)

    return [
        beside("added latency, p50", p50, "TensorZero (Rust, 10,000/s)", 0.35),
        beside("added latency, p99", p99, "TensorZero (Rust, 10,000/s)", 0.94),
        beside("added latency, p99", p99, "Bifrost (Go)", 0.75),
        beside("added latency, p99", p99, "LiteLLM's gateway in Rust", 0.89),
        beside("added latency, p99", p99, "Portkey (TypeScript)", 2.78),
    ]


def main() -> None:
    quick = arguments(__doc__).quick
    install_litellm()
    claims: list[Claim] = []
    with upstream(chunks=CHUNKS) as direct, ours(direct) as gateway, litellm(direct) as peer:
        claims += latency(direct, gateway, peer, quick=quick)
        claims += streams(direct, gateway, quick=quick)
        claims += memory(gateway, quick=quick)
    with upstream(latency_ms=20) as direct, ours(direct) as gateway, litellm(direct) as peer:
        claims += throughput(gateway, peer, quick=quick)
    report("What a gateway adds to a model call", [*claims, *published(claims)])


if __name__ == "__main__":
    main()

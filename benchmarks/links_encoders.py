"""Which encoder for which graph: SAGE, GCN, GAT and GATv2, with and without counts, and their cost.

With the dot product everything rests on the encoder; with the structural decoder, counts of what
two neighbourhoods have in common stand beside it. The words of Cora's papers tell much of its
links, the habits of twitch's streamers little. The last column is about nodes of which only
features are known.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from typing import Final

from rich.table import Table

from benchmarks.friends.running import NEW, SHARES, folder, read
from benchmarks.report import Claim, arguments, report, wide_console
from sensorium.links.learning.evaluation import measured
from sensorium.links.learning.settings import Settings
from sensorium.links.learning.split import Split, split_edges, split_nodes

ENCODERS: Final = ("sage", "gcn", "gat", "gatv2")
DECODERS: Final = ("dot", "structural")
GRAPHS: Final = ("cora", "twitch-engb")
EPOCHS: Final = 20
TITLE: Final = "Encoders compared (links)"


def one(split: Split, features: object, settings: Settings) -> tuple[float, float, float]:
    """AUC and Hits@50 of a training, in percent, and the processor seconds of an epoch."""
    from sensorium.links.learning.fitting import scorer_on
    from sensorium.links.learning.training import Training

    training = Training(split, features, settings)  # type: ignore[arg-type]  # read() gives them
    began = time.process_time()
    trained = training.run()
    seconds = (time.process_time() - began) / len(trained.curves)
    scorer = scorer_on(split.seen, trained.network, training.features, settings.seed)
    figures = measured(scorer.score(*split.test), scorer.score(*split.test_negatives))
    return 100 * figures["auc"], 100 * figures["hits@50"], seconds


def main() -> None:
    quick = arguments(__doc__).quick
    console = wide_console()
    if not folder().is_dir():
        console.print(f"no graphs at {folder()}: SENSORIUM_TEST_DATA names the folder above it")
        report(TITLE, [])
        return
    import torch

    torch.set_num_threads(1)
    claims = []
    for name in GRAPHS[: 1 if quick else None]:
        graph, features = read(name)
        table = Table(title=f"{name}, %", title_justify="left")
        for heading in ("encoder", "decoder", "AUC", "Hits@50", "s an epoch", "AUC, new nodes"):
            table.add_column(heading)
        for decoder in DECODERS[: 1 if quick else None]:
            for encoder in ENCODERS:
                runs, fresh = [], []
                for seed in range(1 if quick else 2):
                    settings = replace(
                        Settings(seed=seed),
                        encoder=encoder,
                        decoder=decoder,
                        epochs=4 if quick else EPOCHS,
                    )
                    split = split_edges(graph, *SHARES[name], seed)
                    runs.append(one(split, features, settings))
                    fresh.append(one(split_nodes(graph, NEW, seed), features, settings))
                auc, hits, seconds = (
                    statistics.fmean(column) for column in zip(*runs, strict=True)
                )
                new = statistics.fmean(run[0] for run in fresh)
                table.add_row(
                    encoder, decoder, f"{auc:.1f}", f"{hits:.1f}", f"{seconds:.2f}", f"{new:.1f}"
                )
                claims.append(Claim(f"{name}, {encoder} and {decoder}, AUC", auc, "%"))
                claims.append(Claim(f"{name}, {encoder} and {decoder}, Hits@50", hits, "%"))
                claims.append(Claim(f"{name}, {encoder} and {decoder}, an epoch", seconds, "s"))
                claims.append(Claim(f"{name}, {encoder} and {decoder}, AUC of new nodes", new, "%"))
        console.print(table)
    report(TITLE, claims)


if __name__ == "__main__":
    main()

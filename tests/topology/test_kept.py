"""The graph and the names over a restart: kept, restored, and read on."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from sensorium.detect.testing import (
    NS,
    START_NS,
    everyday,
    everyday_logs,
    flow_batch,
    log_batch,
)
from sensorium.model.signals import Signal
from sensorium.state.arrays import StateError
from sensorium.topology import EntityGraph, Identities
from tests.topology.batches import logs

CUT = START_NS + 120 * NS
END = START_NS + 400 * NS


@pytest.fixture(scope="module")
def flows() -> pa.RecordBatch:
    rng = np.random.default_rng(3)
    return flow_batch(everyday(rng, 240.0), rng)


def test_a_graph_restored_and_given_the_rest_is_as_one_that_went_on(
    flows: pa.RecordBatch,
) -> None:
    arrived = flows.column("time_received_ns").to_numpy()
    early = flows.filter(pa.array(arrived < CUT + 15 * NS))
    whole, again = EntityGraph(), EntityGraph()
    whole.observe(early)
    whole.gather(CUT)
    again.restore(whole.kept())
    whole.observe(flows.filter(pa.array(arrived >= CUT + 15 * NS)))
    # The slots after the last one gathered are read again from the first on.
    again.observe(flows.filter(pa.array(arrived >= CUT)))
    for graph in (whole, again):
        graph.advance(END)
    assert again.all.edges == whole.all.edges != ()
    assert again.established.edges == whole.established.edges
    assert again.exporters == whole.exporters != frozenset()
    for exporter in whole.exporters:
        assert again.carried(exporter) == whole.carried(exporter)


def test_names_that_hosts_claimed_are_known_again() -> None:
    lines = log_batch(everyday_logs(np.random.default_rng(3), 60.0))
    first, again = Identities(), Identities()
    first.observe(Signal.LOGS, lines)
    again.state("printer", "10.9.9.9")
    again.restore(first.kept())
    assert again.known() == {"10.9.9.9": "printer"}
    for identities in (first, again):
        identities.advance(END)
    assert {**first.known(), "10.9.9.9": "printer"} == again.known()


def test_what_was_restored_after_a_time_to_come_is_of_the_time_that_it_is_advanced_to(
    flows: pa.RecordBatch,
) -> None:
    fresh, back = (EntityGraph(), Identities()), (EntityGraph(), Identities())
    for part in back:
        part.advance(END + 365 * 86_400 * NS)
    back[0].restore(EntityGraph().kept())
    back[1].restore(Identities().kept())
    lines = logs(("10.0.0.5", "db-1", CUT // NS - 1))
    for graph, identities in (fresh, back):
        graph.observe(flows)
        identities.observe(Signal.LOGS, lines)
    for until_ns in (START_NS - NS, CUT, END):
        for graph, identities in (fresh, back):
            graph.advance(until_ns)
            identities.advance(until_ns)
        assert back[0].exporters == fresh[0].exporters
        assert back[1].known() == fresh[1].known()
        assert bool(back[0].exporters) == bool(back[1].known()) == (until_ns >= CUT)
    for exporter in fresh[0].exporters:
        assert back[0].carried(exporter) == fresh[0].carried(exporter) != frozenset()


def test_what_is_no_graph_is_refused_and_changes_nothing(flows: pa.RecordBatch) -> None:
    graph = EntityGraph()
    graph.observe(flows)
    graph.advance(END)
    kept = dict(graph.kept())
    del kept["edges.ready.slots"]
    edges = graph.all.edges
    with pytest.raises(StateError, match="lacks slots"):
        graph.restore(kept)
    assert graph.all.edges == edges

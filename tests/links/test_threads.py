"""Small graphs are worked on by one thread, and torch has its own again afterwards."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (extra graph)")

from sensorium.links.learning import fitting  # noqa: E402
from sensorium.links.learning.settings import Settings  # noqa: E402
from sensorium.links.learning.training import Training  # noqa: E402
from sensorium.links.threads import one_thread, threads_for  # noqa: E402
from tests.links.communities import communities  # noqa: E402


@pytest.fixture(autouse=True)
def _three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_a_small_graph_is_learned_and_judged_by_one_thread(monkeypatch):
    seen = []

    def noting(work):
        def noted(*given, **named):
            seen.append(torch.get_num_threads())
            return work(*given, **named)

        return noted

    graph, names, features = communities(60)
    monkeypatch.setattr(Training, "run", noting(Training.run))
    monkeypatch.setattr(fitting, "judged_by", noting(fitting.judged_by))
    model = fitting.fit(graph, names, features, Settings(width=16, epochs=2, folds=2, cold=0))
    assert seen == [1, 1]
    fitting.evaluated(model)
    assert seen == [1, 1, 1]
    assert torch.get_num_threads() == 3


def test_a_large_graph_keeps_all_threads():
    with threads_for(1_000_000):
        assert torch.get_num_threads() == 3
    with threads_for(5_000):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3


def test_threads_come_back_after_an_error():
    with pytest.raises(ValueError, match="broken"), one_thread():
        raise ValueError("broken")
    assert torch.get_num_threads() == 3

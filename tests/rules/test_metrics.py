from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pytest

from tools.metrics_page import PAGE, Metric, metrics, page

pytestmark = pytest.mark.xdist_group("metrics")


@pytest.fixture(scope="module")
def found() -> Sequence[Metric]:
    return list(metrics())


def test_metrics_are_named_as_prometheus_asks(found: Sequence[Metric]) -> None:
    names = {metric.name for metric in found}
    assert names
    bad = [n for n in names if not n.startswith("sensorium_") or n.endswith("_total")]
    assert bad == [], "start with sensorium_; _total is added to counters by the exposition"


def test_a_metric_that_several_parts_count_is_the_same_everywhere(
    found: Sequence[Metric],
) -> None:
    declared = defaultdict(set)
    for metric in found:
        declared[metric.name].add((metric.kind, metric.labels, metric.doc))
    assert {name: forms for name, forms in declared.items() if len(forms) > 1} == {}


def test_the_page_of_metrics_is_what_the_code_says(found: Sequence[Metric]) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(found), "run `make generate`"

"""Five clients that use the same services, but one that uses one less."""

from __future__ import annotations

import numpy as np

from sensorium.detect.testing import Talks

AT = np.arange(6) * 30.0 + 5.0
"""Once in each of six windows."""


def talks() -> list[Talks]:
    """10.0.1.1 to 10.0.1.5 use four services each; 10.0.1.4 never asked 10.0.2.182 on 5432."""
    return [
        Talks.to(AT, f"10.0.1.{n + 1}", f"10.0.2.{port % 250}", port)
        for n in range(5)
        for port in (80, 443, 5432, 8443)
        if (n, port) != (3, 5432)
    ]

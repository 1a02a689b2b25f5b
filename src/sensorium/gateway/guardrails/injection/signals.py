"""The signs of an injection: what each is, what it weighs, and how it is recognised.

Each is one row of a table to be read and argued about; nothing is learned. A sign counts once in a
stretch of text. The threshold is 1: the plainest signs reach it alone, weaker ones only together,
close to each other. Gaps between words are bounded, so that no pattern goes back over more than a
few words.
"""

from __future__ import annotations

from typing import Final

from sensorium.gateway.guardrails.injection.extraction import EXTRACTION
from sensorium.gateway.guardrails.injection.marks import MARKS
from sensorium.gateway.guardrails.injection.orders import ORDERS
from sensorium.gateway.guardrails.injection.personas import PERSONAS
from sensorium.gateway.guardrails.injection.strangers import STRANGERS
from sensorium.gateway.guardrails.injection.tongues import TONGUES

SIGNALS: Final = (*ORDERS, *EXTRACTION, *PERSONAS, *MARKS, *STRANGERS, *TONGUES)
# What is hidden has no business to be hidden: a sign found in it weighs this much more.
HIDDEN: Final = 1.5
# Signs within so many characters belong together; those that lie further apart have nothing to do
# with each other, or every long text would be suspicious.
STRETCH: Final = 2000

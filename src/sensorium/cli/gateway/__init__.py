"""``sensorium gateway``: one module per verb, loaded only when that verb is used.

A module ``cli/gateway/VERB.py`` holds a click command or group named like the verb; where the verb
is a word of Python's, both module and object are ``VERB_command``. To add one, write the module and
its line in :data:`VERBS`.
"""

from __future__ import annotations

import click

from sensorium.cli import LazyGroup

# In the order a newcomer meets them, which is the order `sensorium gateway --help` prints.
VERBS = {
    "run": "Answer model calls; without settings, by a small model on this machine.",
    "check": "Say what is wrong with the settings, which credentials and prices are missing.",
    "models": "List what callers can ask for, and what stands behind it.",
    "example": "Print a settings file with every setting, its explanation and its default.",
    "import": "Read a LiteLLM proxy's configuration and write it as gateway settings.",
    "evidence": "Print the signed evidence of a request under a privacy policy, and verify it.",
    "directory": "Add and change organisations, teams and users.",
    "keys": "Make, list, rotate and revoke the keys that applications call with.",
    "limits": "Set and show budgets and rates.",
    "spend": "Show what was spent, by whom and on what.",
    "prices": "List the prices in force.",
}


@click.group(
    cls=LazyGroup,
    table=VERBS,
    package=__name__,
    epilog="\b\nNew here?  sensorium gateway run",
)
def gateway() -> None:
    """One door for every model call of a company, governed without slowing it down.

    Applications keep their SDK and change its base URL. Behind the door: any provider, keys and
    budgets, routing and fallbacks, guardrails, and a ledger of every attempt.
    """

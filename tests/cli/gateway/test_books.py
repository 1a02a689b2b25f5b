"""The commands that keep the gateway's books, as somebody would type them."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sensorium.cli import main
from sensorium.gateway.access import Access, AccessConfig
from sensorium.gateway.ledger import Claim, Cost, Ledger, LedgerConfig, Outcome, Refused
from sensorium.gateway.ledger.database import open_database
from sensorium.gateway.reply import Usage
from sensorium.observe import Observe


class Shell:
    """Runs ``sensorium gateway ...`` on a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "gateway.yaml"
        self.settings.write_text(f"data_dir: {folder}\n")

    def run(self, *words: str) -> Result:
        """Run it."""
        arguments = ["gateway", *words, "-c", str(self.settings)]
        return CliRunner().invoke(main, arguments, catch_exceptions=False)

    def good(self, *words: str) -> str:
        """Run it, and what it printed; it must not fail."""
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        return result.stdout.strip()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A shell with an organisation, a team and a user."""
    made = Shell(tmp_path)
    made.good("directory", "add", "organisation", "acme")
    made.good("directory", "add", "team", "red", "--in", "acme")
    made.good("directory", "add", "user", "max", "--in", "red")
    return made


def test_only_a_class_of_data_with_a_policy_can_be_given(shell: Shell) -> None:
    refused = shell.run("directory", "set", "red", "--privacy", "patients")
    assert refused.exit_code == 2
    assert "no policy for data of the class 'patients'" in refused.stderr
    policy = "{name: patients, regions: [eu-central-1]}"
    with shell.settings.open("a") as file:
        file.write(f"privacy: {{policies: [{policy}]}}\n")
    shell.good("directory", "set", "red", "--privacy", "patients")
    refused = shell.run("directory", "add", "team", "blue", "--in", "acme", "--privacy", "patient")
    assert refused.exit_code == 2
    assert "privacy.policies of the settings has patients" in refused.stderr
    kept = {
        one["name"]: one["privacy"] for one in json.loads(shell.good("directory", "list", "--json"))
    }
    assert kept == {"acme": "", "red": "patients", "max": ""}
    shell.good("directory", "set", "red", "--privacy", "")


def test_a_key_made_here_opens_the_door_until_it_is_revoked(shell: Shell) -> None:
    text = shell.good("keys", "create", "max", "--name", "laptop")
    connections = open_database(LedgerConfig(), shell.folder)
    access = Access(connections, AccessConfig(cache_s=0), Observe())
    assert asyncio.run(access.authenticate(text, 0.0)) is not None
    (key,) = json.loads(shell.good("keys", "list", "--json"))
    assert (key["name"], key["owner"], key["state"]) == ("laptop", "max", "good")
    assert text not in shell.good("keys", "show", key["id"])
    rotated = shell.good("keys", "rotate", key["prefix"])
    assert asyncio.run(access.authenticate(text, 0.0)) is None
    assert asyncio.run(access.authenticate(rotated, 0.0)) is not None
    shell.good("keys", "revoke", rotated.split("-")[2])
    assert asyncio.run(access.authenticate(rotated, 0.0)) is None
    connections.close()


def test_a_budget_set_here_holds_and_spend_adds_up(shell: Shell) -> None:
    shell.good("limits", "set", "team:red", "--budget", "0.5", "--requests", "100")
    (limit,) = json.loads(shell.good("limits", "show", "team:red", "--json"))
    assert (limit["budget"], limit["period"]) == ("0.50", "monthly")
    text = shell.good("keys", "create", "max")
    asyncio.run(spend_it(shell.folder, text))
    (share,) = json.loads(shell.good("spend", "--by", "team", "--json"))
    assert (share["name"], share["attempts"], share["nanodollars"]) == ("red", 1, 300_000_000)
    assert "0.30" in shell.good("spend", "--by", "user", "--since", "1h")
    (row,) = csv.DictReader(io.StringIO(shell.good("spend", "--csv")))
    assert (row["cost"], row["end_user"]) == ("300000000", "'=1+1")


async def spend_it(folder: Path, text: str) -> None:
    """One call that fits the budget, and one that does not."""
    connections = open_database(LedgerConfig(), folder)
    access = Access(connections, AccessConfig(), Observe())
    caller = await access.authenticate(text, 0.0)
    assert caller is not None
    scopes = caller.scopes
    ledger = Ledger(connections, Observe())

    def claim(name: str) -> Claim:
        from dataclasses import replace

        return Claim(
            request_id=name, attempt=1, scopes=replace(scopes, end_user="=1+1"), route="chat",
            deployment="d", provider="p", model="m", privacy="", worst=Cost(400_000_000, "v"),
            worst_tokens=1, lease_s=60, started_ns=time.time_ns(),
        )  # fmt: skip

    ticket = await ledger.open(claim("a"))
    outcome = Outcome(status="ok", usage=Usage(1, 1), cost=Cost(300_000_000, "v"), ended_ns=1)
    await ledger.settle(ticket, outcome)
    with pytest.raises(Refused):
        await ledger.open(claim("b"))
    await ledger.close()
    connections.close()


def test_what_is_wrong_is_said_with_what_to_do(shell: Shell) -> None:
    for words, says in (
        (("keys", "create", "nobody"), "directory list"),
        (("keys", "revoke", "key_x"), "there is no key"),
        (("limits", "set", "team:max", "--budget", "1"), "no scope"),
        (("limits", "set", "team:red", "--budget", "-1"), "no amount"),
        (("limits", "set", "team:red", "--budget", "lots"), "no amount"),
        (("limits", "set", "team:red", "--budget", "1e400"), "more than is counted"),
        (("limits", "set", "team:red", "--tokens", str(2**63)), "range"),
        (("spend", "--since", "whenever"), "write 7d"),
        (("directory", "add", "team", "x", "--in", "max"), "cannot belong"),
        (("directory", "set", "max"), "say what to change"),
    ):
        result = shell.run(*words)
        assert result.exit_code != 0, words
        assert says in result.output, result.output


def test_empty_books_say_what_to_do_first(tmp_path: Path) -> None:
    empty = Shell(tmp_path)
    assert "directory add organisation" in empty.good("directory", "list")
    assert "keys create" in empty.good("keys", "list")
    assert "nothing was called" in empty.good("spend")


def test_somebody_switched_off_is_shown_so(shell: Shell) -> None:
    shell.good("directory", "set", "max", "--off", "--role", "team_admin", "--model", "small")
    found = {one["name"]: one for one in json.loads(shell.good("directory", "list", "--json"))}
    assert (found["max"]["state"], found["max"]["role"], found["max"]["models"]) == (
        "off", "team_admin", "small",
    )  # fmt: skip


def test_prices_can_be_looked_up(shell: Shell) -> None:
    assert "claude-haiku-4-5" in shell.good("prices", "haiku")
    assert "no such model" in shell.good("prices", "unheard-of")

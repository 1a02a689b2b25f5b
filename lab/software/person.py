#!/usr/bin/python3
"""What the people at one computer do all day: real clients, with pauses as people make them.

Reads one JSON object from its first argument: ``seed``, ``kind`` (``user`` or ``admin``),
``pace`` (1 is usual, 2 is twice as busy), ``web``, ``files``, ``sites``, ``servers``, ``people``.
Uses only Debian's own Python, and runs until it is ended.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from typing import Any

CURL = ("curl", "-s", "-f", "-o", "/dev/null", "--connect-timeout", "3", "-m", "25")


def call(*argv: str, limit: float = 60) -> bool:
    """Run a client; True if it succeeded."""
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=limit, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def think(rng: random.Random, median: float, pace: float) -> None:
    """Pause as a person does: log-normal, never more than a minute."""
    time.sleep(min(60.0, median * rng.lognormvariate(0, 0.6) / pace))


class Person:
    """One person's habits, as drawn from the seed."""

    def __init__(self, settings: dict[str, Any], number: int) -> None:
        self.rng = random.Random(f"{settings['seed']}-{number}")
        self.settings = settings
        self.pace = settings["pace"] * self.rng.uniform(0.85, 1.2)
        self.favourites = self.rng.sample(settings["sites"], min(4, len(settings["sites"])))

    def fetch(self, url: str, *, again: int = 3) -> None:
        """Open a page; press reload a few times when it fails."""
        for _ in range(1 + again):
            if call(*CURL, url):
                return
            time.sleep(self.rng.uniform(0.4, 1.6))

    def shop(self) -> None:
        """Look at some products and sometimes buy one."""
        web = f"http://{self.settings['web']}"
        self.fetch(f"{web}/products")
        call(*CURL, f"{web}/static/site.css", f"{web}/static/site.js")
        for _ in range(self.rng.randint(2, 6)):
            think(self.rng, 2.2, self.pace)
            self.fetch(f"{web}/products/{self.rng.randint(1, 2000)}")
        if self.rng.random() < 0.5:
            self.fetch(f"{web}/checkout/{self.rng.randint(1, 2000)}")

    def browse(self) -> None:
        """Read a few pages of a site on the internet."""
        site = self.rng.choice(self.favourites)
        for _ in range(self.rng.randint(1, 4)):
            self.fetch(f"http://{site}/page/{min(19, int(self.rng.expovariate(0.14))):02}.html")
            think(self.rng, 3.0, self.pace)

    def look_up(self) -> None:
        """Resolve a name or two, as background programs do."""
        for _ in range(self.rng.randint(1, 3)):
            call("dig", "+short", "+tries=1", "+time=2", self.rng.choice(self.settings["sites"]))

    def document(self) -> None:
        """Fetch a document from the file server."""
        number = min(19, int(self.rng.expovariate(0.18)))
        self.fetch(f"http://{self.settings['files']}/docs/{number:02}.pdf")

    def administer(self) -> None:
        """Log in to a server and look around."""
        server = self.rng.choice(self.settings["servers"])
        command = self.rng.choice(
            ("uptime", "df -h", "ip -br address; sleep 2", "ls -l /var/log; sleep 5; id", "w")
        )
        call("ssh", "-o", "BatchMode=yes", f"ops@{server}", command, limit=40)

    def live(self) -> None:
        """Do one thing after another for ever."""
        time.sleep(self.rng.uniform(0, 6))
        if self.settings["kind"] == "admin":
            while True:
                self.administer()
                think(self.rng, 18, self.pace)
        doings = (self.shop, self.browse, self.look_up, self.document)
        while True:
            self.rng.choices(doings, weights=(58, 24, 10, 8))[0]()
            think(self.rng, 3.0, self.pace)


def main() -> None:
    """Start everyone and wait."""
    settings = json.loads(sys.argv[1])
    for number in range(settings["people"]):
        threading.Thread(target=Person(settings, number).live, daemon=True).start()
    while True:
        time.sleep(3600)


main()

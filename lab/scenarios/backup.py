"""A large backup that cron starts at its time and the change calendar announces."""

from __future__ import annotations

import random

from lab.plan import Slot
from lab.site import Role, Site
from lab.stage import Stage
from lab.truth import Cast, addresses

SCRIPT = "/usr/local/sbin/full-backup"


def cast(site: Site, slot: Slot, rng: random.Random) -> Cast:
    """Choose the source, the tool and the volume; the rate follows from the slot's length."""
    source = site.one(rng.choice((Role.FILES, Role.DB)))
    target = site.one(Role.BACKUP)
    rate_kb = rng.randrange(1900, 2600)
    megabytes = round(rate_kb * (slot.duration_s - 10) / 1000)
    uid = f"backup-{rng.randrange(1000, 9999)}-{slot.id}@{site.domain}"
    return Cast(
        hosts=addresses((source, target)),
        primary=(source.address, target.address),
        actors=(source.address,),
        victims=(target.address,),
        cause=f"the announced full backup of {source.name} to {target.name}, {megabytes} MB, "
        "started by cron",
        proof=uid,
        parameters={
            "source": source.name,
            "target": target.name,
            "tool": rng.choice(("rsync", "scp")),
            "rate_kb": rate_kb,
            "megabytes": megabytes,
            "command": SCRIPT,
            "window_min": rng.choice((4, 5)) + slot.duration_s // 150,
        },
    )


def prepare(stage: Stage) -> None:
    """Put data worth keeping on the source, and the script that cron will start."""
    source, target = stage.machine("source"), stage.host("target")
    source.run("mkdir", "-p", "/srv/data")
    share = max(1, int(stage.number("megabytes")) // 5)
    for number in range(5):
        source.run("sh", "-c", f"head -c {share}M /dev/urandom > /srv/data/set-{number}.bin")
    rate = int(stage.number("rate_kb"))
    if stage.cast.parameters["tool"] == "rsync":
        copy = f"rsync -a --bwlimit={rate} /srv/data ops@{target.name}:full/"
    else:
        copy = f"scp -q -r -l {rate * 8} /srv/data ops@{target.name}:full"
    source.put(
        SCRIPT,
        "#!/bin/sh\nset -e\nlogger -t full-backup started\n"
        f"if {copy}; then logger -t full-backup 'finished, all sets copied'\n"
        "else logger -t full-backup -p user.err failed; fi\ntouch /run/full-backup.done\n",
        0o755,
    )


def play(stage: Stage) -> None:
    """Watch cron start the backup and the backup end; the lab does nothing itself."""
    source = stage.machine("source")
    done = source.path("/run/full-backup.done")

    def started() -> bool:
        return source.run("pgrep", "-f", SCRIPT, check=False).returncode == 0

    names = stage.cast.parameters
    with stage.phase("backup", f"{names['tool']} from {names['source']} to {names['target']}"):
        if not stage.until(started, 75):
            raise RuntimeError(f"cron on {names['source']} did not start {SCRIPT}")
        if not stage.until(done.exists, stage.slot.duration_s + 90):
            raise RuntimeError("the backup did not end in time")

"""The service: sockets, scrapers, the pipeline's thread and the HTTP API around one spine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium import __version__
from sensorium.app.acknowledged import Acknowledged, build_acknowledged
from sensorium.app.preparation.elsewhere import Elsewhere
from sensorium.app.preparation.steps import prepare_decoders
from sensorium.app.spine import Spine, build_spine
from sensorium.app.streams import build_streams
from sensorium.console.api import ConsoleDeps, LinksDeps, build_api
from sensorium.console.detect import DetectDeps
from sensorium.console.intake import Intake
from sensorium.console.server import HttpServer
from sensorium.detect.serving.scorers import Scorers
from sensorium.errors import SensoriumError
from sensorium.incident.labelling import LabelDesk
from sensorium.ingest.transport import Scraper, UdpReceiver
from sensorium.links.serving.served import Shelf
from sensorium.observe import open_observe
from sensorium.pipeline.exporters import ExporterBook
from sensorium.pipeline.inbox import Inbox
from sensorium.pipeline.live import LivePipeline
from sensorium.pipeline.memory import Known, Memory
from sensorium.pipeline.resumption import Resumption
from sensorium.process.allocation import share_arenas
from sensorium.process.collecting import leave_what_is_there
from sensorium.process.handover import Handover
from sensorium.process.open_files import require_enough
from sensorium.process.stopping import told_to_stop
from sensorium.state.file import StateFile
from sensorium.store.errors import StoreClosedUnwrittenError, StoreWriteError
from sensorium.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensorium.component import Component, Health
    from sensorium.config import Settings
    from sensorium.ingest.changes import Reading
    from sensorium.observe import Observe
    from sensorium.pipeline.arrivals import Announcement
    from sensorium.topology.answers import Topology


@dataclass(slots=True)
class _Housekeeping:
    """What is due now and then in the pipeline's thread: expiries, decisions, changed files."""

    spine: Spine
    exporters: ExporterBook
    memory: Memory
    due_s: float = 0.0

    def __call__(self) -> None:
        """Do what is due; called after every turn."""
        now_s = time.monotonic()
        if now_s < self.due_s:
            return
        self.due_s = now_s + 1.0
        # First: it must not wait until the records can be written.
        with contextlib.suppress(StoreWriteError):  # counted and logged by the store, and kept
            self.spine.telemetry.flush()
        self.spine.desk.expire_due()
        for incident in self.spine.inquest.resume_decided(self.spine.pipeline.watermark_ns):
            self.spine.incidents.concluded(incident)
        self.spine.changes.refresh()
        self.spine.inventory.look()
        self.spine.templates.save()
        self.exporters.refresh(now_s)
        self.memory.keep(self.spine.pipeline.watermark_ns)


def build_service(
    settings: Settings, spine: Spine, handover: Handover
) -> tuple[Supervisor, HttpServer]:
    """Wire the running parts around a spine; the HTTP port is taken, nothing runs yet."""
    observe = spine.observe
    elsewhere = Elsewhere(observe.logger("service"))
    acknowledged = build_acknowledged(settings, observe, elsewhere.wait)
    inbox = _inbox(spine, acknowledged)
    receiver = _receiver(settings, inbox, observe, handover)
    exporters = ExporterBook(spine.statuses, receiver.drops_by_source, inbox.drops_by_source)
    scraper = Scraper(settings.ingest.scrape, inbox.put_scrape, observe, clock_ns=time.time_ns)
    streams = build_streams(settings, inbox, observe, handover)
    memory = _memory(settings, spine)
    resumption = _resumption(settings, spine, memory)
    pipeline = LivePipeline(
        spine.pipeline,
        inbox,
        observe,
        settle_s=settings.incident.settle_s,
        ahead_s=settings.pipeline.ahead_s,
        resume=lambda ending: _resume(resumption, elsewhere, ending),
        go_back=resumption.go_back,
        housekeeping=_Housekeeping(spine, exporters, memory),
        close=lambda: _close(spine, acknowledged, memory),
        clock_ns=time.time_ns,
    )
    links = _links(settings, observe)
    supervisor: Supervisor

    def health() -> dict[str, Health]:
        return {
            **supervisor.health(),
            "journal": acknowledged.journal.health(),
            "store": spine.telemetry.health(),
        }

    deps = ConsoleDeps(
        observe=observe,
        records=spine.records,
        telemetry=spine.telemetry,
        desk=spine.desk,
        labelling=LabelDesk(spine.records, time.time_ns),
        ranker=spine.ranker,
        intake=_intake(receiver, inbox, spine.changes.look),
        health=health,
        exporters=exporters.current,
        topology=lambda until_ns: _topology(spine, until_ns),
        links=links,
        detect=_detect(settings, spine),
    )
    http = HttpServer(build_api(deps, settings.console), settings.console, observe)
    parts: list[Component] = [pipeline, http, receiver, scraper, *acknowledged.receivers]
    parts += [*streams, *([] if links is None else [links.shelf])]
    supervisor = Supervisor(parts, observe)
    acknowledged.open()
    http.bind()
    receiver.bind()
    for stream in streams:
        stream.bind()
    return supervisor, http


def _receiver(
    settings: Settings, inbox: Inbox, observe: Observe, handover: Handover
) -> UdpReceiver:
    return UdpReceiver(
        settings.ingest.udp,
        inbox.put_datagrams,
        observe,
        clock_ns=time.time_ns,
        handover=handover,
    )


def _inbox(spine: Spine, acknowledged: Acknowledged) -> Inbox:
    return Inbox(
        spine.settings.inbox,
        spine.observe,
        time.time_ns,
        acknowledged.journal,
        store_behind=lambda: spine.telemetry.behind,
    )


def _intake(receiver: UdpReceiver, inbox: Inbox, look: Callable[[Announcement], Reading]) -> Intake:
    return Intake(
        drain=receiver.drain,
        busy=inbox.busy,
        scrape=inbox.put_scrape,
        announce=inbox.put_announcement,
        end=inbox.put_end,
        look=look,
    )


def _topology(spine: Spine, until_ns: int) -> Topology:
    from sensorium.topology.answers import Topology

    settings = spine.settings
    networks = settings.agent.internal_networks
    return Topology.learnt(spine.telemetry.query, settings.topology, networks, until_ns)


def _detect(settings: Settings, spine: Spine) -> DetectDeps:
    """What rows that somebody sends are scored with."""
    return DetectDeps(Scorers(spine.models, time.time_ns), settings.detect)


def _links(settings: Settings, observe: Observe) -> LinksDeps | None:
    """The graphs that links are suggested in, where the settings name one."""
    if not settings.links.graphs:
        return None
    shelf = Shelf(settings.links, observe, time.time_ns)
    return LinksDeps(shelf, settings.links, time.time_ns)


def _resume(resumption: Resumption, elsewhere: Elsewhere, ending: Callable[[], bool]) -> None:
    """Read back what was kept; before that compile what is not yet, so that no datagram waits."""
    elsewhere.compile(ending)
    prepare_decoders(ending)
    resumption.run()
    leave_what_is_there()


def _memory(settings: Settings, spine: Spine) -> Memory:
    return Memory(
        Known(spine.engine, spine.identities, spine.graph),
        StateFile(settings.data_dir / "memory"),
        spine.observe,
        settings=settings.detect,
        version=__version__,
        every_s=settings.pipeline.memory_every_s,
        hours=settings.pipeline.rewarm_hours,
    )


def _resumption(settings: Settings, spine: Spine, memory: Memory) -> Resumption:
    return Resumption(
        spine.pipeline,
        spine.inquest,
        spine.records,
        spine.telemetry,
        memory,
        spine.observe,
        hours=settings.pipeline.rewarm_hours,
        clock_ns=time.time_ns,
    )


def _close(spine: Spine, acknowledged: Acknowledged, memory: Memory) -> None:
    """The stores first: what they take last, the journal lets go."""
    with contextlib.ExitStack() as closing:
        closing.callback(lambda: memory.close(spine.pipeline.watermark_ns))
        closing.callback(acknowledged.journal.close)
        spine.close()


async def run_service(settings: Settings) -> None:
    """Run until a signal ends it; then stop receiving, finish the turn, write down, close.

    SensoriumError where something was lost on the way out.
    """
    share_arenas()
    require_enough()
    observe = open_observe(settings.observe)
    log = observe.logger("service")
    handover = Handover.from_environment(os.environ)
    spine = build_spine(settings, observe)
    try:
        spine.changes.load()
        spine.templates.restore()
        supervisor, http = build_service(settings, spine, handover)
    except BaseException:
        spine.close()
        observe.close()
        raise
    spine.telemetry.set_service_url(http.url)
    log.info("started", data=str(settings.data_dir), api=http.url)
    for port in handover.close_rest():
        log.warning("closed a socket that was handed over and that no setting asks for", port=port)
    stop = told_to_stop()
    running = asyncio.create_task(supervisor.run())
    handover.ready()
    await stop.wait()
    handover.stopping()
    log.info("stopping", unaffected="everything received so far is being written down")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    log.info("stopped")
    handover.close()
    observe.close()
    tell(supervisor.failed_at_stop)


def tell(failures: Sequence[Exception]) -> None:
    """Raise what a stop could not do, so that whoever asked for it learns it. Rows that the store
    has not, but the journal has, are none of that."""
    lost = [
        error
        for error in failures
        if not isinstance(error, StoreClosedUnwrittenError) or error.lost_rows
    ]
    for error in lost:
        if isinstance(error, SensoriumError):
            raise error
    if lost:
        raise SensoriumError(
            f"a part failed while the service stopped: {type(lost[0]).__name__}: {lost[0]}",
            unaffected="the other parts stopped in order",
            next_step="this is a bug; its log says where it is",
        )

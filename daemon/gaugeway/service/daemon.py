"""The whole life of a gateway as a process, in the foreground, in the background and under systemd."""

import faulthandler
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from typing import Final

from gaugeway.errors import ConfigError, GaugewayError
from gaugeway.garbage import for_good, tidied
from gaugeway.log import logger
from gaugeway.log.way import form, set_up
from gaugeway.plan import Plan
from gaugeway.registry import Registry
from gaugeway.service.access import prepare
from gaugeway.service.control.control import Control
from gaugeway.service.control.desk import Desk, Errand
from gaugeway.service.control.listening import listening
from gaugeway.service.control.requests import Check, Said, Stop
from gaugeway.service.gateway import Gateway
from gaugeway.service.health import machine
from gaugeway.service.health.health import Health
from gaugeway.service.loading import read_apart
from gaugeway.service.logfile import LogFile
from gaugeway.service.notify import Notifier
from gaugeway.service.presence import places
from gaugeway.service.presence.announcement import Announcement, announced
from gaugeway.service.presence.record import Record
from gaugeway.service.signals import Wishes, signals
from gaugeway.service.watchdog import Watchdog
from gaugeway.service.web.web import Web
from gaugeway.version import version

log = logger(__name__)

LOOK_AGAIN: Final = 0.5
SAY_EVERY: Final = 10.0
CONFIGURATION: Final = 78

Around = Callable[[Gateway], AbstractContextManager[object]]


def serve(plan: Plan, registry: Registry, *, background: bool = False, around: Around = nullcontext) -> bool:
    """Build, listen, start, wait, stop; tell whether all went well."""
    faulthandler.enable()  # whoever ends a process that hangs is told where it hung
    with signals() as wishes, ExitStack() as stack:
        with for_good():
            gateway = Gateway(plan, registry)
            listener, socket = stack.enter_context(listening(_socket_paths(plan)))
            output = stack.enter_context(LogFile(plan.storage.dir)) if background else None
            set_up_log(plan, background=background)
            announcement = stack.enter_context(announced(_record(plan, socket, output)))
            daemon = Daemon(gateway, wishes, announcement, output)
            web = stack.enter_context(closing(daemon.web))
            stack.enter_context(Control(listener, daemon.desk, daemon.every_second, [web]))
            gateway.start()
            daemon.ready()
        with around(gateway):
            daemon.wait()
        daemon.systemd.stopping()
        well = gateway.stop() and not gateway.failed
        daemon.farewell(well=well)
    return well


class Daemon:
    """What the main thread does while pipelines run: it waits for wishes and fulfils them."""

    def __init__(
        self, gateway: Gateway, wishes: Wishes, announcement: Announcement, output: LogFile | None = None
    ) -> None:
        self.gateway = gateway
        self.health = Health(gateway)
        self.desk = Desk(self.health, wishes)
        self.web = Web(self.health)
        self.systemd = Notifier()
        self._watchdog = Watchdog(gateway, self.systemd)
        self._wishes = wishes
        self._announcement = announcement
        self._output = output
        self._said_at = 0.0
        self._to_be_told: list[Errand] = []

    def ready(self) -> None:
        """Note that everything has been started."""
        self.desk.ready = True
        self.systemd.ready(self.health.line())
        if self._output is not None:
            self._output.let_go()

    def wait(self) -> None:
        """Return when every source has ended or a stop was asked for; do what else is asked for."""
        wishes = self._wishes
        while self.gateway.alive and not wishes.stop:
            wishes.changed.wait(LOOK_AGAIN)
            wishes.changed.clear()
            self._watchdog.look()
            if wishes.reload:
                wishes.reload = False
                self.reload()
            for errand in self.desk.errands():
                self._run(errand)

    @tidied()
    def reload(self) -> str:
        """Go over to what the file says now; return its mistakes, with which nothing changes."""
        self.systemd.reloading()
        try:
            plan, registry = self._loaded()
            self.gateway.reload(plan, registry)
        except (GaugewayError, OSError) as error:
            log.warning("the new configuration is wrong, the old one goes on", problems=str(error))
            return str(error)
        finally:
            self.systemd.ready(self.health.line())
        set_up_log(plan, background=self._output is not None)
        return ""

    def every_second(self) -> None:
        """Give a sign of life, and do the small things that are due; on the thread of the control socket."""
        self._announcement.beat()
        self.health.note()
        self.web.keep_up(self.gateway.plan.http)
        if time.monotonic() - self._said_at >= SAY_EVERY:
            self._said_at = time.monotonic()
            line = self.health.line()
            self._announcement.say(line)
            self.systemd.status(line)
        if self._output is not None:
            self._output.turn_if_full()

    def farewell(self, *, well: bool) -> None:
        """Tell whoever asked for the stop that everything is on disk."""
        said = Said(text="stopped, everything is on disk") if well else Said(error="stopped, not all went well", code=1)
        for errand in (*self._to_be_told, *self.desk.errands()):
            errand.tell(said)

    def _run(self, errand: Errand) -> None:
        if isinstance(errand.request, Stop):
            self._to_be_told.append(errand)
            self._wishes.ask_to_stop()
            return
        problems = self._problems() if isinstance(errand.request, Check) else self.reload()
        done = "the configuration is right" if isinstance(errand.request, Check) else "reloaded"
        errand.tell(Said(error=problems, code=CONFIGURATION) if problems else Said(text=done))

    @tidied()
    def _problems(self) -> str:
        """Return what would keep it from being started with the file as it is now."""
        try:
            Gateway(*read_apart(self.gateway.plan.file))
        except (GaugewayError, OSError) as error:
            return str(error)
        return ""

    def _loaded(self) -> tuple[Plan, Registry]:
        """Return what the file says now, if a reload can go over to it."""
        before = self.gateway.plan
        plan, registry = read_apart(before.file)
        if plan.storage.dir != before.storage.dir:
            raise ConfigError(
                f"the storage folder has changed from {before.storage.dir} to {plan.storage.dir}: "
                "this takes a restart, `gaugeway restart`"
            )
        return plan, registry


def set_up_log(plan: Plan, *, background: bool) -> None:
    """Log as the configuration says; the journal does not listen to a process in the background of a terminal."""
    chosen = form(plan.log_format)
    set_up(plan.log_level, "text" if background and chosen == "journal" else chosen)


def _socket_paths(plan: Plan) -> list[str]:
    """Return where it may listen; the storage folder is made for it if there is none."""
    storage = plan.storage.dir
    prepare(storage)
    return [places.socket_path(str(storage)), *places.substitutes(str(storage))]


def _record(plan: Plan, socket: str, output: LogFile | None) -> Record:
    return Record(
        config=os.path.realpath(plan.file),
        node=plan.node,
        pid=os.getpid(),
        since=time.time(),
        socket=socket,
        storage=str(plan.storage.dir),
        log=str(output.path) if output is not None else "",
        unit=machine.unit(),
        version=version(),
    )

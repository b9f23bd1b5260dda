"""Answers what is asked over the control socket; what takes the main thread's hand is put down for it as an errand."""

import os
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final, NamedTuple

import msgspec

from gaugeway.contain import Contained, in_words
from gaugeway.log import logger
from gaugeway.service.control.alarms import Alarms
from gaugeway.service.control.guest import Guest
from gaugeway.service.control.requests import (
    ANSWERS,
    REQUESTS,
    AlarmsOf,
    AnyRequest,
    Check,
    Flags,
    HealthOf,
    Order,
    Ping,
    Pong,
    Reload,
    Said,
    Stop,
    Switch,
    Switches,
    Tapping,
)
from gaugeway.service.control.taps import Tap
from gaugeway.service.health.health import Health
from gaugeway.service.health.moment import Moment, Speechless
from gaugeway.service.health.report import as_json
from gaugeway.service.health.text import as_text
from gaugeway.service.signals import Wishes
from gaugeway.version import version

log = logger(__name__)
UNWELL = 1
USAGE = 2
PATIENCE: Final = 1.0
"""A sink may take so long to tell of its alarms, of which there may be many; all others wait meanwhile."""


class Errand(NamedTuple):
    """Something for the main thread to do, and whom to tell what came of it."""

    request: Check | Reload | Stop
    reply: Callable[[bytes], None]

    def tell(self, said: Said) -> None:
        """Answer who asked for it."""
        self.reply(encoded(said))


class Desk:
    """Knows the answers. Runs on the thread of the control socket, and never waits for a pipeline."""

    def __init__(self, health: Health, wishes: Wishes) -> None:
        self.health = health
        self.ready = False
        self._wishes = wishes
        self._moment = Moment(PATIENCE)
        self._errands: SimpleQueue[Errand] = SimpleQueue()
        self._pong = Pong(os.getpid(), version(), health.gateway.plan.node, ready=False)

    def errands(self) -> list[Errand]:
        """Return what is to be done; for the main thread."""
        found: list[Errand] = []
        while True:
            try:
                found.append(self._errands.get_nowait())
            except Empty:
                return found

    def answer(self, line: bytes, guest: Guest, reply: Callable[[bytes], None]) -> bytes | None:
        """Return the answer to one line; None where it comes later, through `reply`, on another thread."""
        try:
            request = REQUESTS.decode(line)
        except msgspec.DecodeError as error:
            return encoded(Said(error=f"this is not understood: {error}", code=USAGE))
        with Contained() as fault:  # a report looks into parts that others wrote, and this thread has to go on
            return self._answer(request, guest, reply)
        log.error("a request could not be met", reason=in_words(fault.error or RuntimeError()), error=fault.error)
        return encoded(Said(error=f"that failed: {in_words(fault.error or RuntimeError())}", code=UNWELL))

    def _answer(self, request: AnyRequest, guest: Guest, reply: Callable[[bytes], None]) -> bytes | None:
        match request:
            case Ping():
                return ANSWERS.encode(msgspec.structs.replace(self._pong, ready=self.ready))
            case HealthOf():
                return self._health(request)
            case Flags() | Switch():
                return self._flags(request, guest)
            case AlarmsOf() | Order():
                return self._alarms(request, guest, reply)
            case Tapping():
                return self._tap(request, guest)
            case _:
                log.info("asked over the control socket", ask=request.__struct_config__.tag, **_by(guest))
                self._errands.put(Errand(request, reply))
                self._wishes.changed.set()
                return None

    def _health(self, request: HealthOf) -> bytes:
        report = self.health.now()
        if not request.text:
            return as_json(report)
        text = as_text(report, color=request.color, width=request.width)
        return encoded(Said(text=text, code=UNWELL if report.complaints else 0))

    def _flags(self, request: Flags | Switch, guest: Guest) -> bytes:
        flags = self.health.gateway.flags
        if isinstance(request, Flags):
            return ANSWERS.encode(Switches(flags.as_dict()))
        if request.name not in flags.as_dict():
            known = ", ".join(flags.as_dict())
            there_are = f"there are: {known}" if known else "the configuration declares none, under `flags`"
            return encoded(Said(error=f"there is no flag '{request.name}'; {there_are}", code=USAGE))
        flags.turn(request.name, request.on)
        log.info("flag switched", flag=request.name, on=request.on, **_by(guest))
        return ANSWERS.encode(Switches(flags.as_dict()))

    def _alarms(self, request: AlarmsOf | Order, guest: Guest, reply: Callable[[bytes], None]) -> bytes | None:
        alarms = Alarms(self.health.gateway.outlets, self._moment)
        if isinstance(request, AlarmsOf):
            try:
                return ANSWERS.encode(alarms.listed(request))
            except Speechless as fault:
                return encoded(Said(error=str(fault), code=UNWELL))
        log.info("asked over the control socket", ask=request.cmd, alert=request.alert, **_by(guest))
        refusal = alarms.tell(request, guest.peer, lambda said: reply(encoded(said)))
        return None if refusal is None else encoded(refusal)

    def _tap(self, request: Tapping, guest: Guest) -> bytes:
        if guest.tap is not None:
            return encoded(Said(error="one connection taps one point", code=USAGE))
        try:
            guest.tap = Tap(self.health.gateway, request.at, request.sensor, request.where)
        except ValueError as error:
            return encoded(Said(error=str(error), code=USAGE))
        return encoded(Said(text=f"tapping {request.at}"))


def encoded(said: Said) -> bytes:
    """Return an answer as one line."""
    return ANSWERS.encode(said)


def _by(guest: Guest) -> dict[str, object]:
    return {"user": guest.peer.user, "process": guest.peer.pid}

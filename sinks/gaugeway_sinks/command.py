"""Alarms by a local command: a siren, a modem, a script of one's own."""

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from gaugeway import ConfigError, DeviceError, Duration, Site, logger
from gaugeway_sinks.alarms import StaleAfter
from gaugeway_sinks.alarms.alarm.event import Event
from gaugeway_sinks.announce import USUAL, Announcer, Events, Least, Template

if TYPE_CHECKING:
    from subprocess import Popen

log = logger(__name__)

MINIMUM: Final[Mapping[str, str]] = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
}
"""All that a command finds in its environment; no secret of the gateway's is among it."""


class Command(Announcer):
    """Tells of alarms by running a command for each event: exit code 0 means told, any other is tried again.

    No shell has a part in it. The event is on standard input as one line of JSON; what the command writes is thrown
    away. Each runs in a process group of its own, all of which is killed when its time is over.
    """

    def __init__(
        self,
        *,
        command: Annotated[
            tuple[str, ...],
            Meta(
                min_length=1,
                description="The program and its arguments, with gaps like {message}; never a line for a shell.",
                examples=[["/usr/local/bin/siren", "--sensor", "{sensor}"]],
            ),
        ],
        environment: Annotated[
            dict[str, str] | None,
            Meta(description="What it finds in its environment besides PATH and LANG.", examples=[{"SIREN": "2"}]),
        ] = None,
        attempts: Annotated[int, Meta(ge=1, description="After so many failures an event is left out.")] = 5,
        severity: Least = "info",
        events: Events = USUAL,
        stale_after: StaleAfter = None,
        timeout: Annotated[Duration, Meta(gt=0, le=3600, description="How long it may run.")] = 30.0,
        site: Site,
    ) -> None:
        super().__init__(site, severity=severity, events=events, stale_after=stale_after)
        self._arguments = tuple(Template("command", argument) for argument in command)
        if not command or not command[0].strip() or not self._arguments[0].fixed:
            raise ConfigError(
                "'command' begins with the program, which is the same for every event: ['/path/to/it', ...]"
            )
        self._environment = {**MINIMUM, **(environment or {})}
        for text in (*command, *self._environment, *self._environment.values()):
            if "\0" in text:
                raise ConfigError("'command' and 'environment' hold texts, in which the character 0 cannot be")
        if any(not name or "=" in name for name in self._environment):
            raise ConfigError("'environment' has names in it, which are not empty and have no = in them")
        self._folder = site.folder
        self._attempts = attempts
        self._timeout = timeout
        self._failures = 0
        self._running: Popen[bytes] | None = None

    def send(self, events: Sequence[Event]) -> Iterator[int]:
        """Run the command once for each."""
        for event in events:
            fault = self._run(event)
            if not fault:
                self._taken()
            else:
                self._failures += 1
                if self._failures < self._attempts:
                    raise DeviceError(fault)
                self._leave_out(fault)
                log.error("command failed, event left out", reason=fault, attempts=self._failures, event=event.id)
            self._failures = 0
            yield 1

    def close(self) -> None:
        """Let nothing run on that nobody waits for any more."""
        running = self._running
        if running is not None:
            _kill(running)

    def _run(self, event: Event) -> str:
        """Run it and return what went wrong in words, nothing if nothing did. OSError: it cannot be started now."""
        from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired  # noqa: PLC0415  (only who runs something loads it)

        arguments = [argument.fill(event).replace("\0", "") for argument in self._arguments]
        with Popen(
            arguments,
            stdin=PIPE,
            stdout=DEVNULL,
            stderr=DEVNULL,
            env=self._environment,
            cwd=self._folder,
            start_new_session=True,
        ) as running:
            self._running = running
            try:
                running.communicate(msgspec.json.encode(event) + b"\n", self._timeout)
            except TimeoutExpired:
                return f"'{arguments[0]}' did not end within {self._timeout:g} s and was killed"
            finally:
                _kill(running)
                self._running = None
        if running.returncode < 0:
            return f"'{arguments[0]}' was ended by the signal {-running.returncode}"
        return f"'{arguments[0]}' ended with code {running.returncode}" if running.returncode else ""


def _kill(running: "Popen[bytes]") -> None:
    """Kill the process and all of its group, unless it has ended by itself."""
    if running.poll() is None:
        os.killpg(running.pid, signal.SIGKILL)

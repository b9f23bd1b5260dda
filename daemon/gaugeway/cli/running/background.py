"""A gateway as a background process of its own, where no service manager looks after it."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import Final

from gaugeway.cli.speech import exits
from gaugeway.service.presence.client import NoAnswerError, RefusedError, Talk
from gaugeway.service.presence.find import find
from gaugeway.service.presence.record import Sighting

LOOK_AGAIN: Final = 0.02
READY_WITHIN: Final = 60.0
ENDS_WITHIN: Final = 30.0
BY_FORCE_AFTER: Final = 2.0
SPARING: Final = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "32768"}
"""As in the unit. Left alone, the C library has up to eight heaps a core for threads, and puts larger and larger blocks
into them. What one of them ever needed stays with it: memory then goes on growing for days."""


def begun(config: str) -> int:
    """Start a gateway and wait until all of it runs; what it has to say against that stands on our standard error."""
    command = [sys.executable, "-P", "-m", "gaugeway", "run", "--background", config]
    around = {**SPARING, **os.environ}
    child = subprocess.Popen(command, env=around, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        return _awaited(child, config)
    except KeyboardInterrupt:  # who takes a start back wants nothing left behind that runs
        child.terminate()
        child.wait()
        raise


def _awaited(child: subprocess.Popen[bytes], config: str) -> int:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        code = child.poll()
        if code is not None:
            return _ended_early(code, config)
        seen = find(config).seen
        if seen is not None and seen.alive and seen.record.pid == child.pid and _ready(seen):
            print(f"{seen.record.node} runs: process {child.pid}, its log is {seen.record.log}")
            return exits.WELL
        time.sleep(LOOK_AGAIN)
    print(f"gaugeway: process {child.pid} is not ready after {READY_WITHIN:.0f} s", file=sys.stderr)
    return exits.UNWELL


def ended(seen: Sighting, *, kill: bool) -> bool:
    """Stop a gateway and wait until everything is on disk and the process gone; tell whether it is."""
    try:
        with Talk(seen) as talk:
            talk.ask({"ask": "ping"})
            talk.ask({"ask": "stop"}, patience=ENDS_WITHIN)
    except NoAnswerError as error:
        print(f"{seen.record.node} cannot be asked ({error}): process {seen.record.pid} is told by a signal")
        _send(seen, signal.SIGTERM)
    if gone(seen, BY_FORCE_AFTER if kill else ENDS_WITHIN):
        return True
    if not kill:
        return False
    _send(seen, signal.SIGKILL)
    return gone(seen, ENDS_WITHIN)


def gone(seen: Sighting, within: float) -> bool:
    """Wait until a gateway does not live any more; tell whether that is so."""
    until = time.monotonic() + within
    while (found := find(seen.record.config)).runs and found.seen is not None:
        if found.seen.record.pid != seen.record.pid:
            return True
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_AGAIN)
    return True


def _send(seen: Sighting, number: signal.Signals) -> None:
    """Send a signal to the process of a record, if it is of the user who wrote the record: nobody else's is touched."""
    pid = seen.record.pid
    with suppress(FileNotFoundError, ProcessLookupError):  # it is gone already
        if pid <= 1 or os.stat(f"/proc/{pid}").st_uid != seen.owner:
            raise RefusedError(f"process {pid} is not that of {seen.record.node}", exits.UNWELL)
        os.kill(pid, number)


def _ready(seen: Sighting) -> bool:
    try:
        with Talk(seen, patience=1.0) as talk:
            return talk.ask({"ask": "ping"}).get("ready") is True
    except NoAnswerError:
        return False


def _ended_early(code: int, config: str) -> int:
    if code == 0:
        print("all its sources have come to their end already")
    elif code == exits.UNWELL:
        print(f"gaugeway: it has ended already, and not well: `gaugeway logs {config}` shows why", file=sys.stderr)
    elif code < 0:
        print(f"gaugeway: it was ended by signal {-code}", file=sys.stderr)
    return code if code >= 0 else exits.UNWELL

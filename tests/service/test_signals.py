"""Signals become wishes, a second request to stop is final, and afterwards all is as before."""

import os
import signal
import subprocess
import sys
import threading
from textwrap import dedent

import pytest

from gaugeway.service.signals import ASKS_TO_STOP, Bell, signals

ANYWHERE = """
    import os, signal, sys
    from gaugeway.service.signals import signals

    left = 200

    def interrupt(frame, event, argument):
        global left
        if left:
            left -= 1
            os.kill(os.getpid(), signal.SIGHUP)  # handled before the next line
        return interrupt

    with signals() as wishes:
        sys.settrace(interrupt)
        while left:
            wishes.changed.wait(0.001)
            wishes.changed.clear()
        sys.settrace(None)
    print("through")
"""
STUBBORN = """
    from gaugeway.service.signals import signals

    with signals() as wishes:
        print("ready", flush=True)
        while True:
            wishes.changed.wait(60)
            wishes.changed.clear()
            print("asked", flush=True)
"""


def test_each_signal_is_a_wish() -> None:
    """SIGHUP asks for a reload, SIGTERM and SIGINT for a stop."""
    for number in ASKS_TO_STOP:
        with signals() as wishes:
            os.kill(os.getpid(), signal.SIGHUP)
            assert wishes.changed.wait(10)
            assert (wishes.stop, wishes.reload) == (False, True)
            wishes.changed.clear()
            os.kill(os.getpid(), number)
            assert wishes.changed.wait(10)
            assert wishes.stop


def test_wishes_can_be_spoken_too() -> None:
    """The socket asks for the same as a signal."""
    with signals() as wishes:
        wishes.ask_to_reload()
        wishes.ask_to_stop()
        assert (wishes.stop, wishes.reload, wishes.changed.wait(0)) == (True, True, True)


def test_the_handlers_from_before_come_back() -> None:
    """Also after an error."""
    numbers = (*ASKS_TO_STOP, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    during: list[object] = []

    def fails() -> None:
        with signals():
            during.extend(signal.getsignal(number) for number in numbers)
            raise KeyError("on purpose")

    with pytest.raises(KeyError):
        fails()
    assert not set(during).intersection(before)
    assert [signal.getsignal(number) for number in numbers] == before


def test_a_second_request_to_stop_ends_at_once() -> None:
    """Whatever the gateway is still busy with, as if nobody had caught the signal."""
    for number in ASKS_TO_STOP:
        with subprocess.Popen([sys.executable, "-c", dedent(STUBBORN)], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.send_signal(number)
            assert process.stdout.readline() == "asked\n"
            process.send_signal(number)
            assert process.wait(30) == -number


def test_a_signal_may_come_at_any_moment() -> None:
    """One that interrupts the noticing of the last one does not wait for a lock that this holds."""
    run = subprocess.run(
        [sys.executable, "-c", dedent(ANYWHERE)], capture_output=True, text=True, timeout=20, check=True
    )
    assert run.stdout == "through\n"


def test_a_bell_is_heard_later_too() -> None:
    """Set before anybody waits, it stays set until it is cleared; from any thread."""
    bell = Bell()
    assert not bell.wait(0)
    thread = threading.Thread(target=bell.set)
    thread.start()
    assert bell.wait(10)
    thread.join()
    assert bell.wait(0)
    bell.set()
    bell.clear()
    assert not bell.wait(0)

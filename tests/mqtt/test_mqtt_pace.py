"""Bytes gather when messages come quickly, never longer than is allowed, and not while a broker waits for us."""

import random
from collections.abc import Callable

import pytest

from gaugeway.mqtt import Pace, Window


def test_a_lone_message_is_read_at_once() -> None:
    """Messages further apart than the longest pause bring no pause."""
    pace = Pace(0.01)
    assert [pace.nap(1, second * 0.02, full=False) for second in range(50)] == [0.0] * 50


def reads(pace: Pace, rate: float, seconds: float = 10.0) -> list[float]:
    """Return the pauses after the reads of so many messages a second, of which each read costs half a millisecond."""
    now, due, naps = 0.0, 0.0, list[float]()
    while now < seconds:
        count = max(0, int((now - due) * rate) + 1)
        due += count / rate
        naps.append(pace.nap(count, now, full=False))
        now = now + 0.0005 + naps[-1] if naps[-1] else max(now + 0.0005, due)
    return naps


@pytest.mark.parametrize("rate", [100, 120, 150, 200, 300, 500, 1000, 5000])
def test_messages_in_quick_succession_are_read_together(rate: int) -> None:
    """However quick they are, there are hardly more reads than the longest pause allows, and none in vain."""
    naps = reads(Pace(0.01), rate)
    assert len(naps) <= 1.35 * 10 / 0.01
    assert not rate >= 150 or naps[-1] == max(naps) == 0.01


def test_pauses_are_short_where_they_bring_plenty() -> None:
    """At 100,000 messages a second short ones are enough."""
    assert 0 < reads(Pace(0.01), 100_000, 1.0)[-1] < 0.003


def test_after_a_silence_there_is_no_pause() -> None:
    """The first message after one is not taken for one in quick succession, nor one that comes alone again."""
    pace = Pace(0.01)
    assert reads(pace, 1000)[-1] == 0.01
    naps = [pace.nap(second % 2, 20 + second * 0.5, full=False) for second in range(20)]
    assert naps[10:] == [0.0] * 10


@pytest.mark.parametrize("most", [0.0, 0.0001])
def test_no_pause_is_longer_than_allowed(most: float) -> None:
    """Also where less than the shortest useful pause is allowed."""
    pace = Pace(most)
    assert max(pace.nap(1, now * 0.00001, full=False) for now in range(50)) <= most


def test_a_full_window_brings_no_pause() -> None:
    """The broker sends nothing more, so there is nothing to gather."""
    pace = Pace(0.01)
    assert reads(pace, 1000)[-1] > 0
    assert pace.nap(20, 10.001, full=True) == 0.0


class Broker:
    """Plays a broker with a limit of its own and a receiver, on a clock that is moved by hand."""

    def __init__(self, window: Window, limit: int, every: Callable[[int], float]) -> None:
        self.window = window
        self.limit = limit
        self.every = every
        self.now = self.due = self.committed = 0.0
        self.sent = self.held = 0
        self.commits: list[float] = []

    def run(self, seconds: float, *, sync_every: float = 5.0) -> None:
        until = self.now + seconds
        while self.now < until:
            arrived = 0
            while self.held < self.limit and self.due <= self.now:
                arrived, self.held, self.sent = arrived + 1, self.held + 1, self.sent + 1
                self.due = max(self.due, self.now - 1) + self.every(self.sent)
            full = self.window.full(self.held, arrived, self.now)
            if full or self.now - self.committed >= sync_every:
                self.commits.append(self.now)
                self.held, self.committed = 0, self.now
                if full:
                    self.window.acknowledged(self.now)
            wait = self.window.patience(self.held) or 1.0
            self.now += wait if self.held >= self.limit else min(wait, max(0.001, self.due - self.now))


@pytest.mark.parametrize("limit", [10, 20, 32, 100])
def test_the_limit_of_a_broker_that_does_not_tell_it_is_found(limit: int) -> None:
    """Under load it is kept waiting once, for half a second; from then on it is answered at once."""
    broker = Broker(Window(1000), limit, lambda _: 0.0001)
    broker.run(0.6)
    assert broker.sent >= limit * 2
    sent = broker.sent
    broker.run(5)
    assert broker.sent - sent > min(1000 * limit, 49_000)


def test_a_broker_that_exceeds_its_limit_now_and_then_is_not_kept_waiting() -> None:
    """Mosquitto 2.0 sends all it has stored, whatever the limit, and afterwards keeps to it again."""
    broker = Broker(Window(1000), 20, lambda _: 0.0001)
    for _ in range(20):
        broker.limit = 20
        broker.run(0.9)
        broker.limit = 700
        broker.run(0.1)
    assert broker.sent > 100_000


def test_without_load_nothing_is_acknowledged_before_its_time() -> None:
    """50 messages a second, a broker without a limit: the disk is synced when it is due, every 5 s, and not oftener."""
    broker = Broker(Window(1000), 65535, lambda _: 0.02)
    broker.run(120)
    assert len(broker.commits) <= 26


@pytest.mark.parametrize("rate", [0.5, 3.0, 10.0, 50.0])
def test_messages_that_come_as_they_please_do_not_look_like_a_limit(rate: float) -> None:
    """Gaps of every length, as chance has it: not many more syncs than are due."""
    chance = random.Random(7)
    broker = Broker(Window(1000), 65535, lambda _: chance.expovariate(rate))
    broker.run(600)
    assert len(broker.commits) <= 120 * 1.5


def test_bursts_of_many_sensors_at_once_do_not_look_like_a_limit() -> None:
    """50 sensors that speak together once a second: hardly more syncs than are due."""
    broker = Broker(Window(1000), 65535, lambda number: 0.0 if number % 50 else 1.0)
    broker.run(120)
    assert len(broker.commits) <= 35


def test_the_own_limit_is_always_full() -> None:
    """What the broker was told is no secret."""
    window = Window(20)
    assert window.full(20, 20, 0.0)
    assert not window.full(19, 1, 0.0)


def test_a_limit_that_was_raised_is_noticed() -> None:
    """When the broker sends more than was believed to be its limit, the limit is learned again."""
    broker = Broker(Window(1000), 20, lambda _: 0.0001)
    broker.run(5)
    broker.limit = 200
    broker.run(5)
    sent = broker.sent
    broker.commits.clear()
    broker.run(5)
    assert (broker.sent - sent) / len(broker.commits) > 100


def test_a_small_hint_is_taken() -> None:
    """A broker that says it works off one message at a time is not kept waiting for a tenth one."""
    window = Window(1000)
    window.hint(1)
    assert not window.full(1, 1, 0.0)
    assert window.full(1, 0, 0.5)

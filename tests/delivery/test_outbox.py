"""The outbox with its own thread: what is put arrives, in order, whatever the network, the disk and the sink do."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from gaugeway import DeviceError, Reading
from gaugeway.delivery.files import Files
from gaugeway.delivery.journal import JournalFullError
from gaugeway.delivery.outbox import Outbox
from gaugeway.delivery.reserve import Reserve
from gaugeway.plan import Buffer, Retry, WhenFull

QUICK = Retry(first=0.001, most=0.01, attempts=2)
PATIENCE = 10.0


class Network:
    """Takes messages, or fails as it is told to; the test waits for what it wants to see."""

    def __init__(self) -> None:
        self.arrived: list[bytes] = []
        self.calls = 0
        self.fails: Callable[[list[bytes]], BaseException | None] = lambda messages: None
        self._changed = threading.Condition()

    def deliver(self, messages: list[bytes]) -> None:
        with self._changed:
            self.calls += 1
            self._changed.notify_all()
            error = self.fails(messages)
            if error is not None:
                raise error
            self.arrived += messages

    def wait(self, happened: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(happened, PATIENCE)

    def down(self, messages: list[bytes]) -> BaseException:
        return DeviceError("no network")


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture(params=["disk", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "outbox" if request.param == "disk" else None


@pytest.fixture
def opened() -> Iterator[list[Outbox]]:
    """Outboxes to be closed at the end."""
    outboxes: list[Outbox] = []
    yield outboxes
    for outbox in outboxes:
        outbox.close(within=0)


Make = Callable[..., Outbox]


@pytest.fixture
def make(network: Network, opened: list[Outbox], folder: Path | None) -> Make:
    """Open an outbox, started, on disk or in memory."""

    def make_one(
        *,
        size: int = 1 << 20,
        when_full: WhenFull = "drop_oldest",
        start: bool = True,
        reserve: Reserve | None = None,
        files: Files | None = None,
    ) -> Outbox:
        buffer = Buffer(size=size, when_full=when_full, thin_every=60.0)
        outbox = Outbox(
            network.deliver,
            name="phone",
            folder=folder,
            buffer=buffer,
            retry=QUICK,
            reserve=reserve,
            files=files,
        )
        opened.append(outbox)
        if start:
            outbox.start()
        return outbox

    return make_one


def numbered(count: int, start: int = 0, size: int = 0) -> list[bytes]:
    return [b"%06d" % number + b"x" * size for number in range(start, start + count)]


def balanced(outbox: Outbox) -> bool:
    """Every message that was put is somewhere."""
    now = outbox.condition()
    return now.put == now.sent + now.queued + now.dropped + now.left_out + now.thinned


def test_messages_arrive_in_order_and_once(make: Make, network: Network) -> None:
    """Whatever the batches, on disk and in memory."""
    outbox = make()
    messages = numbered(2000)
    for start in range(0, 2000, 37):
        outbox.put(messages[start : start + 37])
    network.wait(lambda: len(network.arrived) == 2000)
    outbox.close()
    assert network.arrived == messages
    assert outbox.condition().queued == 0
    assert balanced(outbox)


def test_the_same_messages_are_tried_until_they_arrive(make: Make, network: Network) -> None:
    """While it fails the condition says since when, why, and when the next try is; then it is forgotten."""
    network.fails = network.down
    outbox = make()
    outbox.put(numbered(3))
    network.wait(lambda: network.calls >= 4)
    condition = outbox.condition()
    assert condition.failing_for is not None
    assert condition.next_try_in is not None
    assert "no network" in condition.last_error
    assert condition.queued == 3
    network.fails = lambda messages: None
    network.wait(lambda: len(network.arrived) == 3)
    outbox.close()
    assert network.arrived == numbered(3)
    assert outbox.condition().failing_for is None


def test_an_outage_is_logged_when_it_begins_changes_and_ends(
    make: Make, network: Network, caplog: pytest.LogCaptureFixture
) -> None:
    """And not at each try of it, which would fill the log in a few days."""
    caplog.set_level("INFO")
    network.fails = network.down
    outbox = make()
    outbox.put(numbered(1))
    network.wait(lambda: network.calls >= 4)
    network.fails = lambda messages: DeviceError("no broker")
    begun = network.calls
    network.wait(lambda: network.calls >= begun + 4)
    network.fails = lambda messages: None
    network.wait(lambda: len(network.arrived) == 1)
    outbox.close()
    told = [record.getMessage() for record in caplog.records if record.name == "gaugeway.delivery.sender"]
    assert told == ["cannot deliver", "cannot deliver", "delivers again"]


def test_what_arrives_later_waits_behind_what_failed(make: Make, network: Network) -> None:
    """Order is kept through an outage."""
    network.fails = network.down
    outbox = make()
    outbox.put(numbered(3))
    network.wait(lambda: network.calls >= 2)
    outbox.put(numbered(3, start=3))
    network.fails = lambda messages: None
    network.wait(lambda: len(network.arrived) == 6)
    assert network.arrived == numbered(6)


def test_a_message_that_the_sink_chokes_on_does_not_block_the_others(make: Make, network: Network) -> None:
    """It is found by trying one by one, left out after its attempts, and counted."""

    def chokes(messages: list[bytes]) -> BaseException | None:
        return ValueError("cannot encode") if b"000002" in messages else None

    network.fails = chokes
    outbox = make()
    outbox.put(numbered(6))
    network.wait(lambda: len(network.arrived) == 5)
    outbox.close()
    assert network.arrived == [message for message in numbered(6) if message != b"000002"]
    now = outbox.condition()
    assert (now.sent, now.dropped, now.left_out, now.bug) == (5, 0, 1, "ValueError: cannot encode")
    assert balanced(outbox)


def test_urgent_messages_go_first(make: Make, network: Network) -> None:
    """An alarm does not wait behind a backlog of readings."""
    outbox = make(start=False)
    outbox.put(numbered(3))
    outbox.put([b"alarm"], sync=True)
    outbox.start()
    network.wait(lambda: len(network.arrived) == 4)
    assert network.arrived == [b"alarm", *numbered(3)]


def test_closing_delivers_what_still_waits(make: Make, network: Network) -> None:
    """A clean end leaves nothing behind where the network works."""
    outbox = make()
    outbox.put(numbered(500))
    outbox.close()
    assert network.arrived == numbered(500)


def test_what_has_arrived_is_not_handed_over_again_when_a_delivery_returns_early(
    tmp_path: Path, network: Network, opened: list[Outbox]
) -> None:
    """Not by a next process either, which finds the rest; what says nothing of numbers has delivered all."""

    def two(messages: list[bytes]) -> int:
        network.deliver(messages[:2])
        if len(network.arrived) >= 6:
            raise DeviceError("no network")
        return 2

    def well(messages: list[bytes]) -> bool:
        network.deliver(messages)
        return True

    outbox = Outbox(two, name="out", folder=tmp_path / "outbox", retry=QUICK)
    opened.append(outbox)
    outbox.put([b"%d" % number for number in range(8)])
    outbox.start()
    network.wait(lambda: len(network.arrived) >= 6)
    outbox.close()
    assert network.arrived[:6] == [b"0", b"1", b"2", b"3", b"4", b"5"]
    network.arrived.clear()
    after = Outbox(well, name="out", folder=tmp_path / "outbox")
    opened.append(after)
    after.start()
    network.wait(lambda: len(network.arrived) == 4)
    assert network.arrived == [b"4", b"5", b"6", b"7"]


def test_what_says_that_nothing_has_arrived_is_handed_it_again(network: Network, opened: list[Outbox]) -> None:
    """Later, as after an error."""
    answers = iter((0, 0, 2))

    def at_last(messages: list[bytes]) -> int:
        count = next(answers)
        network.deliver(messages[:count])
        return count

    outbox = Outbox(at_last, name="out", folder=None, retry=QUICK)
    opened.append(outbox)
    outbox.put([b"1", b"2"])
    outbox.start()
    network.wait(lambda: len(network.arrived) == 2)
    assert network.arrived == [b"1", b"2"]


def test_closing_does_not_wait_for_a_network_that_is_down(make: Make, network: Network) -> None:
    """One more try, and the rest is for the next start."""
    network.fails = network.down
    outbox = make()
    outbox.put(numbered(3))
    network.wait(lambda: network.calls >= 1)
    outbox.close(within=3600)
    assert outbox.condition().queued == 3


def test_closing_ends_even_if_a_delivery_hangs(make: Make, network: Network) -> None:
    """The thread is left behind with a warning; when the delivery returns at last it touches nothing any more."""
    hangs, entered = threading.Event(), threading.Event()

    def hang(messages: list[bytes]) -> BaseException | None:
        entered.set()
        hangs.wait(PATIENCE)
        return None

    network.fails = hang
    outbox = make()
    outbox.put(numbered(1))
    assert entered.wait(PATIENCE)
    outbox.close(within=-1.0)
    hangs.set()
    network.wait(lambda: len(network.arrived) == 1)


def test_full_it_drops_the_oldest_and_counts_them(make: Make, network: Network) -> None:
    """What is left is the newest, in order, and the numbers add up to the last message."""
    network.fails = network.down
    outbox = make(size=256 * 1024)
    for start in range(0, 4000, 50):
        outbox.put(numbered(50, start, size=100))
    condition = outbox.condition()
    assert condition.dropped > 1000
    assert condition.bytes_used <= 256 * 1024
    assert balanced(outbox)
    network.fails = lambda messages: None
    network.wait(lambda: outbox.condition().queued == 0)
    outbox.close()
    arrived = network.arrived
    assert arrived == sorted(set(arrived))
    assert arrived[-1] == numbered(1, 3999, size=100)[0]
    assert len(arrived) + condition.dropped == 4000


def test_full_it_drops_readings_before_alarms(make: Make, network: Network) -> None:
    """Urgent messages make room for themselves among the others."""
    network.fails = network.down
    outbox = make(size=128 * 1024)
    outbox.put(numbered(500, size=100))
    for number in range(80):
        outbox.put([b"alarm %02d" % number + b"x" * 900], sync=True)
        assert outbox.condition().bytes_used <= 128 * 1024
    assert balanced(outbox)
    network.fails = lambda messages: None
    network.wait(lambda: outbox.condition().queued == 0)
    alarms = [message[:8] for message in network.arrived if message.startswith(b"alarm")]
    assert alarms == [b"alarm %02d" % number for number in range(80)]


def test_full_it_can_refuse_to_take_more(make: Make, network: Network) -> None:
    """Nothing is dropped then; what was refused can be put again and goes on in order."""
    network.fails = network.down
    outbox = make(size=64 * 1024, when_full="stop")
    taken = 0
    with suppress(JournalFullError):
        for taken in range(0, 10_000, 10):
            outbox.put(numbered(10, taken, size=100))
    with pytest.raises(JournalFullError, match="is full"):
        outbox.put(numbered(10, taken, size=100))
    assert outbox.condition().dropped == 0
    network.fails = lambda messages: None
    network.wait(lambda: outbox.condition().queued == 0)
    outbox.put(numbered(10, taken, size=100))
    outbox.close()
    assert network.arrived == numbered(taken + 10, size=100)


def test_a_message_larger_than_the_outbox_is_left_out(make: Make, network: Network) -> None:
    """It could never be kept; those beside it are."""
    outbox = make(size=64 * 1024)
    outbox.put([b"before", b"x" * 100_000, b"after"])
    network.wait(lambda: len(network.arrived) == 2)
    outbox.close()
    assert network.arrived == [b"before", b"after"]
    assert (outbox.condition().dropped, outbox.condition().left_out) == (1, 0)
    assert balanced(outbox)


def reading(sensor: str, value: float, time: float) -> bytes:
    return msgspec.json.encode(Reading(sensor, value, time=time, unit="bar"))


def test_full_it_can_thin_and_nothing_that_mattered_is_gone(make: Make, network: Network) -> None:
    """The extremes, the mean and the number of all readings are still known, sensor by sensor."""
    network.fails = network.down
    outbox = make(size=512 * 1024, when_full="thin")
    count = 20_000
    values = [float(number * 7919 % 1000) for number in range(count)]
    for start in range(0, count, 100):
        batch = range(start, start + 100)
        outbox.put([reading(f"s{number % 2}", values[number], 1e9 + number) for number in batch])
    condition = outbox.condition()
    assert condition.thinned > count / 2
    assert condition.dropped == 0
    assert balanced(outbox)
    network.fails = lambda messages: None
    network.wait(lambda: outbox.condition().queued == 0)
    outbox.close()
    arrived = [msgspec.json.decode(message, type=Reading) for message in network.arrived]
    for name, expected in (("s0", values[0::2]), ("s1", values[1::2])):
        mine = [one for one in arrived if one.sensor == name]
        more = [one.more or {"min": one.value, "max": one.value, "count": 1} for one in mine]
        assert sum(each["count"] for each in more) == len(expected)
        assert min(each["min"] for each in more) == min(expected)
        assert max(each["max"] for each in more) == max(expected)
        total = sum(one.value * each["count"] for one, each in zip(mine, more, strict=True))
        assert total == pytest.approx(sum(expected))
        slots = [one.time // 600 for one in mine]
        assert slots == sorted(slots), "the oldest first"


def test_what_waits_is_delivered_by_the_next_process(tmp_path: Path, network: Network, opened: list[Outbox]) -> None:
    """Ordinary messages and urgent ones, and nothing that arrived before."""

    def another() -> Outbox:
        outbox = Outbox(network.deliver, name="phone", folder=tmp_path / "outbox", retry=QUICK)
        opened.append(outbox)
        return outbox

    first = another()
    first.put(numbered(300))
    first.start()
    network.wait(lambda: len(network.arrived) == 300)
    network.fails = network.down
    first.put(numbered(10, 300))
    first.put([b"alarm"], sync=True)
    first.close()
    network.fails = lambda messages: None
    second = another()
    assert second.condition().queued == 11
    second.start()
    network.wait(lambda: len(network.arrived) == 311)
    second.close()
    assert network.arrived == [*numbered(300), b"alarm", *numbered(10, 300)]


class DeadDisk(Files):
    """A disk that takes nothing any more."""

    def write(self, file: int, parts: object, offset: int) -> None:
        raise OSError(5, "Input/output error")


def test_a_dead_disk_does_not_silence_alarms(tmp_path: Path, network: Network, opened: list[Outbox]) -> None:
    """Readings are refused, but an alarm is sent all the same, from memory."""
    outbox = Outbox(network.deliver, name="phone", folder=tmp_path / "outbox", retry=QUICK, files=DeadDisk())
    opened.append(outbox)
    outbox.start()
    with pytest.raises(OSError, match="Input/output"):
        outbox.put(numbered(1))
    outbox.put([b"alarm"], sync=True)
    network.wait(lambda: network.arrived == [b"alarm"])
    assert balanced(outbox)

"""A source is opened again after a failure that can pass, and halts its pipeline where it cannot."""

import re
import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import cast

import pytest
from tests.engine.bursts import all_of
from tests.engine.kit import END, NEVER, SOON, Acknowledged, Feed, intake, readings

from gaugeway import ConfigError, DeviceError, Reading, Tick
from gaugeway.engine.joint import HaltedError


@pytest.mark.parametrize("error", [DeviceError("unplugged"), OSError(6, "No such device", "/dev/ttyUSB0")])
def test_a_device_that_fails_is_opened_again(error: Exception) -> None:
    """What came before the failure is kept, each stream is closed, and both failures are counted."""
    source = Feed(*readings(1, 2), error, error, *readings(3), END)
    into = intake(source)
    assert [one.value for one in all_of(into)] == [1, 2, 3]
    assert (source.opened, source.closed, into.restarts, into.meter.failed) == (3, 3, 2, 2)
    assert into.status.state == "ended"


def test_while_it_waits_ticks_come() -> None:
    """Alarms and stop requests are not kept waiting by a device that is away."""
    into = intake(Feed(OSError(5, "Input/output error", "/dev/ttyS0")), retry=NEVER)
    with closing(into.bursts()) as bursts:
        burst = next(bursts)
        assert (burst.readings, burst.tick) == ([], True)
        assert into.status.state == "waiting"
        assert into.status.reason == "Input/output error: /dev/ttyS0"
        assert into.status.retry_at is not None


def test_a_stop_ends_the_waiting() -> None:
    """However long the pause is."""
    stopping = threading.Event()
    into = intake(Feed(DeviceError("away")), retry=NEVER, stopping=stopping)
    bursts = into.bursts()
    next(bursts)
    stopping.set()
    assert list(bursts) == []


def test_when_it_works_again_it_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """One line when it goes, one when it is back."""
    caplog.set_level("INFO")
    all_of(intake(Feed(DeviceError("away"), DeviceError("away"), *readings(1), END)))
    said = [record.message for record in caplog.records]
    assert said == ["source waits", "source is back"]


@pytest.mark.parametrize("error", [ZeroDivisionError("bug"), SystemExit(2), HaltedError("x")])
def test_a_bug_in_a_source_halts(error: BaseException) -> None:
    """It is named, said in words, and what came before it is handed on."""
    source = Feed(*readings(1), error)
    into = intake(source)
    bursts = into.bursts()
    assert [one.value for one in next(bursts).readings] == [1]
    with pytest.raises(HaltedError, match="source 'src' failed: ") as halted:
        next(bursts)
    assert halted.value.__cause__ is error
    assert (source.closed, into.status.state) == (1, "failed")


def test_what_the_operator_has_to_mend_comes_out_as_it_is() -> None:
    """So that nobody restarts what cannot work."""
    error = ConfigError("the port needs the group dialout")
    with pytest.raises(ConfigError) as raised:
        all_of(intake(Feed(error)))
    assert raised.value is error


@pytest.mark.parametrize("garbage", [None, 3, "21.5", (1, 2), Exception])
def test_a_source_that_yields_something_else_is_told_what(garbage: object) -> None:
    """A clear sentence for its developer; None is not the end."""
    kind = type(garbage).__name__
    with pytest.raises(HaltedError, match=f"it yields a {kind} where a Reading, Reject or Tick belongs"):
        all_of(intake(Feed(garbage, END)))
    with pytest.raises(HaltedError, match=f"it yields a {kind} where"):
        all_of(intake(Feed(*readings(1), garbage, END)))


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("door", True, "it yields True for 'door', which is no number but a bool"),
        ("temp", "21.5", "it yields '21.5' for 'temp', which is no number but a str"),
        ("temp", None, "it yields None for 'temp', which is no number but a NoneType"),
        (7, 1.0, "it yields a reading of 7, which is no name but a int"),
    ],
)
def test_a_reading_of_wrong_types_is_told_what(name: object, value: object, sentence: str) -> None:
    """The struct takes anything; the intake looks when a sensor is new."""
    with pytest.raises(HaltedError, match=re.escape(sentence)):
        all_of(intake(Feed(Reading(cast("str", name), cast("float", value)), END)))


def test_a_source_whose_stream_is_no_stream_is_told_what() -> None:
    """A method that forgot to yield returns None."""

    class Forgot:
        ticks = True

        def stream(self) -> None:
            return None

    with pytest.raises(HaltedError, match="source 'src' failed: TypeError: 'NoneType' object is not iterable"):
        all_of(intake(Forgot()))


def test_a_source_that_cannot_be_closed_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """A port that is gone when it is to be closed is worth a line, not a failure."""

    class Clings:
        ticks = True

        def stream(self) -> Generator[Reading | Tick]:
            try:
                yield Reading("a", 1.0)
                yield Tick()
                yield Tick()
            finally:
                raise OSError(5, "Input/output error")

    into = intake(Clings())
    bursts = into.bursts()
    assert len(next(bursts).readings) == 1
    bursts.close()
    assert [record.message for record in caplog.records] == ["source does not close well"]


def test_a_source_may_be_a_plain_iterator() -> None:
    """Nothing obliges it to be a generator."""

    class Plain:
        ticks = True

        def stream(self) -> Iterator[Reading]:
            return iter(readings(1, 2))

    assert [one.value for one in all_of(intake(Plain()))] == [1, 2]


def test_a_source_that_acknowledges_is_told_when_it_may() -> None:
    """`commit` says that all that was yielded so far is safe; one that has none is not asked."""
    source = Acknowledged(*readings(1, 2), Tick(), END)
    into = intake(source)
    bursts = into.bursts()
    next(bursts)
    into.commit()
    assert into.can_wait
    assert source.commits == [source.said] == [3]
    bursts.close()
    plain = intake(Feed())
    plain.commit()
    assert not plain.can_wait


@pytest.mark.parametrize("fault", [DeviceError("connection lost"), OSError(32, "Broken pipe")])
def test_an_acknowledgement_that_fails_is_a_failure_of_the_source(fault: Exception) -> None:
    """The connection is gone: the source is closed, and opened again after a pause."""

    class Loses(Acknowledged):
        def commit(self) -> None:
            super().commit()
            if len(self.commits) == 1:
                raise fault

    source = Loses(*readings(1), Tick(), *readings(2), Tick(), END)
    into = intake(source, retry=SOON)
    seen: list[float] = []
    for burst in into.bursts():
        seen.extend(one.value for one in burst.readings)
        into.commit()
    assert seen == [1, 2]
    assert (source.opened, source.closed, into.restarts) == (2, 2, 1)


def test_a_bug_in_an_acknowledgement_halts() -> None:
    """It is the source's, and is named so."""

    class Breaks(Acknowledged):
        def commit(self) -> None:
            raise IndexError("bug")

    into = intake(Breaks(*readings(1), Tick(), *readings(2)))
    bursts = into.bursts()
    next(bursts)
    into.commit()
    with pytest.raises(HaltedError, match="source 'src' failed: IndexError: bug"):
        next(bursts)

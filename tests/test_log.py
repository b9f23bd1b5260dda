"""Logs are events with facts, in one of three forms, never too many of one kind and never a failure themselves."""

import io
import json
import logging
import os
import socket
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from gaugeway.log import logger
from gaugeway.log.journald import LONGEST, Journald
from gaugeway.log.limit import BURST, MANY, PERIOD, RateLimit
from gaugeway.log.way import Format, set_up
from gaugeway.log.way import form as form_of

log = logger("gaugeway.test")
Lines = Callable[[], list[str]]


@pytest.fixture
def written(request: pytest.FixtureRequest) -> Generator[Lines]:
    """Return what was written so far, line by line, in the form that the test is parametrized with."""
    form: Format = getattr(request, "param", "text")
    root, stream = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    for handler in before:
        root.removeHandler(handler)
    set_up("debug", form, stream)
    try:
        yield lambda: stream.getvalue().splitlines()
    finally:
        logging.basicConfig(handlers=[], force=True)
        root.handlers[:] = before
        root.setLevel(level)


as_text = pytest.mark.parametrize("written", ["text"], indirect=True)
as_json = pytest.mark.parametrize("written", ["json"], indirect=True)
as_journal = pytest.mark.parametrize("written", ["journal"], indirect=True)


@as_text
def test_text_is_one_line_an_event(written: Lines) -> None:
    """Time, level, event, facts; what has a space or cannot be seen is quoted."""
    log.warning("port is gone", port="/dev/ttyUSB0", reason="No such device", raw=b"\x00", load=0.25, after=1e-9)
    [line] = written()
    assert line[19:] == (
        " warning port is gone  port=/dev/ttyUSB0 reason='No such device' raw='\\x00' load=0.25 after=1e-09"
    )
    assert time.strptime(line[:19], "%Y-%m-%d %H:%M:%S")


@as_json
def test_json_is_one_object_an_event(written: Lines) -> None:
    """Every fact is a field, whatever it is."""
    log.info("started", sources=3, rate=0.5, note='a "quote"', kind=int, nothing=None)
    [line] = written()
    event = json.loads(line)
    assert event.pop("time") == pytest.approx(time.time(), abs=60)
    assert event == {
        "level": "info", "logger": "gaugeway.test", "event": "started", "sources": 3, "rate": 0.5,
        "note": 'a "quote"', "kind": "<class 'int'>", "nothing": None,
    }  # fmt: skip


@as_journal
def test_the_journal_gets_the_priority_on_every_line(written: Lines) -> None:
    """Systemd reads it from there; the time is its own."""
    log.debug("a")
    log.info("b")
    log.warning("c")
    log.error("d", error=_raised(ValueError("bad\nworse")))
    lines = written()
    assert lines[:3] == ["<7>a", "<6>b", "<4>c"]
    assert lines[3] == "<3>d"
    assert len(lines) > 5
    assert all(line.startswith("<3>") for line in lines[3:])


class Journal:
    """Where systemd's journal listens."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.settimeout(10)

    def heard(self) -> dict[str, str]:
        """Return the fields of the next entry."""
        left, found = self._socket.recv(1 << 20), dict[str, str]()
        while left:
            line, _, left = left.partition(b"\n")
            name, equals, value = line.partition(b"=")
            if not equals:
                length = int.from_bytes(left[:8], "little")
                value, left = left[8 : 8 + length], left[8 + length :].removeprefix(b"\n")
            found[name.decode()] = value.decode()
        return found

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()
        Path(self.path).unlink()


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Journal]:
    """The journal of systemd, to which everything is logged."""
    listening = Journal(tmp_path / "socket")
    monkeypatch.setattr(Journald.__init__, "__defaults__", (listening.path,))
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    for handler in before:
        root.removeHandler(handler)
    set_up("debug", "journal")
    try:
        yield listening
    finally:
        logging.basicConfig(handlers=[], force=True)
        root.handlers[:] = before
        root.setLevel(level)
        listening.close() if Path(listening.path).exists() else None


def test_every_fact_is_a_field_of_the_journal(journal: Journal) -> None:
    """To be searched by; the text is what people read, and has no time and level of its own."""
    log.warning("source waits", source="boiler", reason="port is gone", retry_in=0.5)
    assert journal.heard() == {
        "MESSAGE": "source waits  source=boiler reason='port is gone' retry_in=0.5",
        "PRIORITY": "4", "SYSLOG_IDENTIFIER": "gaugeway", "LOGGER": "gaugeway.test",
        "GAUGEWAY_SOURCE": "boiler", "GAUGEWAY_REASON": "port is gone", "GAUGEWAY_RETRY_IN": "0.5",
    }  # fmt: skip


def test_a_traceback_is_one_entry_of_the_journal(journal: Journal) -> None:
    """Not a line for each of its lines."""
    log.error("stage failed", error=_raised(ValueError("bad\nworse")))
    heard = journal.heard()
    assert heard["MESSAGE"].startswith("stage failed\nTraceback (most recent call last):\n")
    assert heard["MESSAGE"].endswith("ValueError: bad\nworse")
    assert heard["PRIORITY"] == "3"


def test_no_fact_can_forge_a_field_of_the_journal(journal: Journal) -> None:
    """Whatever its name and its value are, and however long."""
    log.info("told", **{"a b=c\nPRIORITY": "x\nPRIORITY=0\n", "ümlaut": "\udce4" * 40_000, "_pid": 1})
    heard = journal.heard()
    assert (heard["PRIORITY"], heard["GAUGEWAY_A_B_C_PRIORITY"], heard["GAUGEWAY__PID"]) == (
        "6",
        "x\nPRIORITY=0\n",
        "1",
    )
    assert len(heard["GAUGEWAY__MLAUT"]) == LONGEST


def test_without_the_journal_events_go_where_it_reads_lines(
    journal: Journal, capfd: pytest.CaptureFixture[str]
) -> None:
    """It may be started again while the gateway runs: nothing is lost, and later it is told again."""
    journal.close()
    set_up("debug", "journal")
    log.warning("nobody listens", source="boiler")
    assert capfd.readouterr().err == "<4>nobody listens  source=boiler\n"
    again = Journal(Path(journal.path))
    log.warning("somebody listens")
    assert again.heard()["MESSAGE"] == "somebody listens"
    again.close()


def test_a_journal_that_takes_nothing_is_waited_for_only_briefly(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it did not take is counted, and it is told how much that was."""
    handler = logging.getLogger().handlers[0]
    sender: socket.socket = vars(handler)["_socket"]
    sender.settimeout(0.001)
    written, number = 0, -1
    while not vars(handler)["_left_out"]:
        log.info("event", sensor=f"s{written}")
        written += 1
    while number < written - 2:
        number += 1
        assert journal.heard()["GAUGEWAY_SENSOR"] == f"s{number}"
    log.info("room again")
    assert journal.heard()["GAUGEWAY_LEFT_OUT"] == "1"


@as_json
def test_a_traceback_is_a_field(written: Lines) -> None:
    """The error that is handed over, with where it was raised."""
    log.error("failed", error=_raised(ZeroDivisionError("x")))
    event = json.loads(written()[0])
    assert event["traceback"].endswith("ZeroDivisionError: x")
    assert "_raised" in event["traceback"]


@as_json
def test_a_fact_never_takes_the_place_of_what_every_event_has(written: Lines) -> None:
    """Readers of the log rely on the time, the level and the event."""
    log.info("moved", time=3, level="high", logger="x")
    event = json.loads(written()[0])
    assert (event["event"], event["level"], event["level_"], event["time_"], event["logger_"]) == (
        "moved", "info", "high", 3, "x",
    )  # fmt: skip


@pytest.mark.parametrize("written", ["text", "json", "journal"], indirect=True)
@pytest.mark.parametrize(
    "fact", ["\udc80", b"\xff\x00", {(1, 2): 3}, ["list"], {"a": {1}}, float("nan"), object, 10**30, "x" * 10_000]
)
def test_no_fact_can_make_logging_fail(written: Lines, fact: object) -> None:
    """Whatever a plugin's author hands over, and as whichever name."""
    log.info("odd", source=fact, what=fact)
    assert len(written()) == 1


@as_text
def test_what_came_over_a_line_is_written_as_text(written: Lines) -> None:
    """A person reads it to put a format right."""
    log.warning("input left out", raw=b'{"flow":12.8}\xff')
    assert written()[0].endswith('raw={"flow":12.8}\\xff')


@as_json
def test_what_came_over_a_line_is_text_in_json_too(written: Lines) -> None:
    """Nobody can read base64."""
    log.warning("input left out", raw=b'{"flow":12.8}\xff')
    assert json.loads(written()[0])["raw"] == '{"flow":12.8}\\xff'


@as_text
def test_nothing_that_is_logged_can_look_like_another_event(written: Lines) -> None:
    """Neither a fact nor the message of a library, nor what an exception says."""
    forged = "x\n2026-01-01 00:00:00 info    all is well"
    log.info("input left out", raw=forged)
    logging.getLogger("a.library").warning("said %s", forged)
    log.error("failed", error=_raised(ValueError(forged)))
    events = [line for line in written() if not line.startswith(" ")]
    assert len(events) == 3


@as_text
def test_libraries_are_logged_the_same_way(written: Lines) -> None:
    """With their arguments filled in."""
    logging.getLogger("paho").error("lost %s after %d s", "broker", 3)
    assert written()[0][19:] == " error   lost broker after 3 s"


def test_the_level_is_a_bound(written: Lines) -> None:
    """What is below it is not written."""
    logging.getLogger().setLevel(logging.WARNING)
    log.info("quiet")
    log.warning("loud")
    assert [line[28:] for line in written()] == ["loud"]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time that the rate limit sees, to be moved by the test."""
    now = [1000.0]
    monkeypatch.setattr("gaugeway.log.limit.time.monotonic", lambda: now[0])
    return now


@as_json
def test_a_flood_of_one_kind_is_held_back_and_counted(written: Lines, clock: list[float]) -> None:
    """The first few of each minute are written; then the number of those that were not."""
    for _ in range(100):
        log.warning("again", source="a")
    assert len(written()) == BURST
    clock[0] += PERIOD
    for _ in range(2):
        log.warning("again", source="a")
    events = [json.loads(line) for line in written()[BURST:]]
    assert [event.get("held_back") for event in events] == [100 - BURST, None]


@as_text
def test_a_limit_outlasts_that_the_log_is_set_up_anew(written: Lines, clock: list[float]) -> None:
    """A gateway does so at every reload, and may be made to reload a hundred times a minute."""
    for _ in range(BURST):
        log.info("reloaded")
    again = io.StringIO()
    set_up("debug", "text", again)
    log.info("reloaded")
    log.info("something else")
    assert "reloaded" not in again.getvalue()
    assert "something else" in again.getvalue()


def test_kinds_are_told_apart_by_event_and_part(written: Lines, clock: list[float]) -> None:
    """A source that floods does not silence another, nor itself about something else."""
    for _ in range(50):
        log.warning("again", source="a")
    log.warning("again", source="b")
    log.warning("something else", source="a")
    assert [line.rpartition("  ")[2] for line in written()[BURST:]] == ["source=b", "source=a"]


def test_the_table_of_kinds_is_bounded(clock: list[float]) -> None:
    """However many sensors a hostile sender invents."""
    limit = RateLimit()
    for number in range(3 * MANY):
        record = logging.LogRecord("x", logging.INFO, "", 0, "event", None, None)
        record.__dict__["facts"] = {"sensor": f"s{number}"}
        assert limit.filter(record)
    assert len(vars(limit)["_seen"]) <= MANY


@pytest.mark.parametrize(
    ("wanted", "under_systemd", "form"),
    [
        ("auto", True, "journal"), ("auto", False, "text"), ("text", True, "text"),
        ("json", True, "json"), ("journal", False, "journal"),
    ],
)  # fmt: skip
def test_the_form_follows_where_the_log_goes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wanted: str, under_systemd: bool, form: str
) -> None:
    """Under systemd the journal's, by hand text, unless the configuration says another."""
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    with (tmp_path / "stderr").open("w") as stream:
        monkeypatch.setattr("sys.stderr", stream)
        status = os.fstat(stream.fileno())
        if under_systemd:
            monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        assert form_of(wanted) == form


def test_a_variable_that_was_only_inherited_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of a desktop has it too, and its errors go to the terminal."""
    monkeypatch.setenv("JOURNAL_STREAM", "8:1234")
    assert form_of("auto") == "text"


def _raised(error: BaseException) -> BaseException:
    with pytest.raises(type(error)) as raised:
        raise error
    return raised.value


@as_text
def test_no_event_is_lost_while_the_log_is_set_up_anew(written: Lines) -> None:
    """A reload does that on one thread while all others go on, and may have something to say just then."""
    stream = io.StringIO()

    class Closing(logging.NullHandler):
        def close(self) -> None:
            log.error("pipeline failed")
            super().close()

    logging.getLogger().addHandler(Closing())
    set_up("debug", "text", stream)
    assert [line[19:] for line in (*written(), *stream.getvalue().splitlines())] == [" error   pipeline failed"]

"""The journal of systemd gets every fact as a field, and holds nobody up."""

import logging
import socket
from collections.abc import Generator
from pathlib import Path

import pytest
from tests.log.kit import log, raised

from gaugeway.log.journald import LONGEST, Journald
from gaugeway.log.way import set_up


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
    log.error("stage failed", error=raised(ValueError("bad\nworse")))
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

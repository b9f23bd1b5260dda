"""Events of all go one way: in the form that suits where it leads, from one level on."""

import io
import logging
import os
from pathlib import Path

import pytest
from tests.log.kit import Lines, as_text, log

from gaugeway.log.way import form as form_of
from gaugeway.log.way import set_up


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

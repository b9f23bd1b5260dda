"""When no file descriptor is free, the gateway goes on, and health says what is the matter."""

import os
import resource
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from tests.engine.kit import readings
from tests.service.health.patient import Stand, kinds

from gaugeway.service.daemon import Daemon
from gaugeway.service.health import machine
from gaugeway.service.health.stacks import where
from gaugeway.service.health.text import as_text
from gaugeway.service.presence.announcement import Announcement
from gaugeway.service.presence.record import Record
from gaugeway.service.signals import Wishes
from gaugeway.service.web.exposition import written
from gaugeway.service.web.metrics import metrics


@contextmanager
def nothing_free() -> Generator[int]:
    """Take all file descriptors there are; yields how many."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    held: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, before[0]), before[1]))
    try:
        with suppress(OSError):
            while True:
                held.append(os.open(os.devnull, os.O_RDONLY))
        yield min(256, before[0])
    finally:
        for file in held:
            os.close(file)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture
def stand(tmp_path: Path) -> Generator[Stand]:
    """A gateway that runs."""
    with Stand(tmp_path).running() as stand:
        yield stand


def test_health_is_told_and_names_it(stand: Stand) -> None:
    """What cannot be looked up is left out, all else is shown."""
    stand.feed.say(*readings(1.0))
    as_text(stand.when(lambda report: report.sinks[0].taken == 1))
    with nothing_free() as limit:
        report = stand.health.now()
        text, figures = as_text(report, width=200), written(metrics(report)).decode()
    (complaint,) = (complaint for complaint in report.complaints if complaint.kind == "files")
    assert complaint.message == f"this process can open no more files: all of its {limit} descriptors are in use"
    assert (report.process.memory, report.process.files) == (0, limit)
    assert report.process.threads > 1
    assert report.sensors[0].value == 1.0
    assert "0 B" not in text
    assert "process_resident_memory_bytes" not in figures
    assert f"process_open_fds {limit}" in figures
    assert "files" not in kinds(stand.health.now().complaints)


def test_where_a_thread_is_cannot_be_told_then() -> None:
    """That is no reason to end whoever asks."""
    name = threading.current_thread().name
    assert where(name)
    with nothing_free():
        assert where(name) == ""
        assert machine.memory() is None


def test_a_gateway_is_ready_and_refuses_a_reload(stand: Stand) -> None:
    """On the main thread, whose end would be that of the gateway."""
    daemon = Daemon(stand.gateway, Wishes(), Announcement(Record("here"), None))
    with closing(daemon.web), nothing_free():
        daemon.ready()
        assert "too many open files" in daemon.reload().lower()  # whoever it is that finds out first
    assert daemon.desk.ready
    assert stand.gateway.alive

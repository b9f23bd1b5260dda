"""A gateway that runs is asked over HTTP by whoever watches over many, and comes to no harm by it."""

import http.client
import json
import threading
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.support.brokers import free_port
from tests.support.gateways import Home
from tests.support.waiting import PATIENCE, until

CONFIG = """
node: plant1
sources:
  fast: {type: synthetic, every: 1ms, sensors: {t1: {}}}
  away:
    type: mqtt
    broker: mqtt://127.0.0.1:DEAD
    username: plant
    password: !secret broker
    topic: plant
    format: {type: json, sensor: sensor, value: value}
    sensors: {t2: {}}
stages: [{average: {last: 10}}]
sinks: {archive: {type: file, path: readings.jsonl}}
"""
SECRET = "correct-horse-battery"


class Watched(Home):
    """A gateway with a server on a free port."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, CONFIG.replace("DEAD", str(free_port())))
        (folder / "secrets.yaml").write_text(f"broker: {SECRET}\n")
        (folder / "secrets.yaml").chmod(0o600)
        self.port = free_port()
        self.serve(f"http: {{listen: '127.0.0.1:{self.port}'}}\n")

    def serve(self, http: str) -> None:
        """Have the configuration say something else of the server."""
        self.config.write_text(self.config.read_text().partition("http:")[0] + http)

    def ask(self, path: str) -> tuple[int, str]:
        """Return the status and the body of a page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def serves(self) -> bool:
        """Tell whether anybody answers."""
        try:
            return self.ask("/metrics")[0] == 200
        except OSError:
            return False

    def count(self, name: str) -> float:
        """Return the sum of all figures of one name."""
        families = text_string_to_metric_families(self.ask("/metrics")[1])
        return sum(sample.value for family in families for sample in family.samples if sample.name == name)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Generator[Watched]:
    """A gateway that runs and is asked over HTTP."""
    with Watched(tmp_path_factory.mktemp("watched")) as home:
        home.start()
        until(home.serves)
        yield home
        home.run("stop")


def test_it_says_what_the_command_says(home: Watched) -> None:
    """The broker is away: 503, and the same complaint."""
    until(lambda: home.report().state == "unwell")
    until(lambda: home.ask("/health")[0] == 503)
    said, printed = json.loads(home.ask("/health")[1]), home.json()
    assert said.keys() == printed.keys()
    assert [one["part"] for one in said["complaints"]] == ["source away"]


def test_no_secret_is_told(home: Watched) -> None:
    """Not even where the fault is about what it is for."""
    until(lambda: home.report().state == "unwell")
    assert SECRET not in home.ask("/health")[1] + home.ask("/metrics")[1]


def test_readings_flow_on_while_many_ask(home: Watched) -> None:
    """Connections that are held open and questions without end: every reading still comes through, and is kept."""
    ending = threading.Event()

    def ask_on() -> None:
        while not ending.is_set():
            home.serves()

    askers = [threading.Thread(target=ask_on) for _ in range(3)]
    with ExitStack() as stack:
        stack.callback(ending.set)
        for asker in askers:
            asker.start()
        before = home.count("gaugeway_source_readings_total")
        until(lambda: home.count("gaugeway_source_readings_total") > before + 500)
        ending.set()
        for asker in askers:
            asker.join()
    report = home.report()
    (fast,) = (source for source in report.sources if source.name == "fast")
    assert (fast.state, fast.hangs, fast.rejected) == ("running", False, {})
    assert (report.sinks[0].dropped, report.sinks[0].backlog) == ({}, 0)


def test_a_reload_moves_it_and_takes_it_away(home: Watched) -> None:
    """In the same process, and without a source being opened again."""
    pid, before = home.pid(), home.port
    home.port = free_port()
    home.serve(f"http: {{listen: '127.0.0.1:{home.port}'}}\n")
    assert home.run("reload").returncode == 0
    until(home.serves)
    now, home.port = home.port, before
    assert not home.serves()
    home.port = now
    home.serve("")
    assert home.run("reload").returncode == 0
    until(lambda: home.report().http is None)
    assert not home.serves()
    home.serve(f"http: {{listen: '127.0.0.1:{home.port}'}}\n")
    assert home.run("reload").returncode == 0
    until(home.serves)
    assert home.pid() == pid

"""`alarms` shows how alarms stand; `ack`, `shelve`, `unshelve` and `out-of-service` change it, without any broker."""

import json
import os
import pwd
from collections.abc import Generator
from pathlib import Path
from typing import cast

import pytest
from tests.support.brokers import free_port
from tests.support.gateways import Home
from tests.support.waiting import until

HOT = """
node: plant1
sources:
  boiler:
    type: synthetic
    every: 50ms
    sensors:
      boiler_temp: {kind: temperature, unit: °C, range: [0, 120]}
      boiler_press: {kind: pressure, unit: bar, range: [0, 6]}
sinks:
  alerts: {type: alert, broker: "mqtt://127.0.0.1:{port}"}
alerts:
  boiler_hot: {sensor: boiler_temp, above: 0 °C, severity: critical}
  boiler_cold: {sensor: boiler_temp, below: 0 °C}
  dead: {sensors: ["boiler_*"], stale: 1h}
"""


@pytest.fixture(scope="module")
def hot(tmp_path_factory: pytest.TempPathFactory) -> Generator[Home]:
    """A gateway with an alarm that stands, and a broker that is away for ever."""
    with Home(tmp_path_factory.mktemp("hot"), HOT.replace("{port}", str(free_port()))) as home:
        home.start()
        until(lambda: "active since" in home.run("alarms", config=False).stdout)
        yield home
        home.run("stop")


def alarm(home: Home, key: str) -> dict[str, object]:
    """Return how one alarm stands."""
    (line,) = home.run("alarms", "--rule", key, "--json", config=False).stdout.splitlines()
    return cast("dict[str, object]", json.loads(line))


def test_alarms_shows_what_stands(hot: Home) -> None:
    """Active alarms are shown with their beginning, calm ones only if they are asked for by name."""
    shown = hot.run("alarms", "--active")
    assert shown.returncode == 0
    first, second = shown.stdout.splitlines()
    assert first.startswith("critical  boiler_hot   ")
    assert second.strip().startswith("active since ")
    assert "occurrence 1" in second
    assert "calm" in hot.run("alarms", "--rule", "boiler_c*", config=False).stdout
    nothing = hot.run("alarms", "--severity", "info", config=False)
    assert (nothing.stdout, nothing.stderr) == ("", "none of 4 fits\n")
    assert alarm(hot, "boiler_cold")["active"] is False


def test_history_tells_what_happened(hot: Home) -> None:
    """The raise is there, oldest first, also as JSON."""
    told = hot.run("alarms", "--history", config=False).stdout
    assert "raised" in told.splitlines()[0]
    events = [json.loads(line) for line in hot.run("alarms", "--history", "--json", config=False).stdout.splitlines()]
    assert events[0]["event"] == "raised"
    assert [event["seq"] for event in events] == sorted(event["seq"] for event in events)


def test_ack_is_known_by_the_user_who_gave_it(hot: Home) -> None:
    """The kernel says who it was; an occurrence that never was is refused; a second time changes nothing."""
    wrong = hot.run("ack", "boiler_hot", "--occurrence", "7", config=False)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "no occurrence 7" in wrong.stderr
    assert alarm(hot, "boiler_hot")["acked"] is False
    me = pwd.getpwuid(os.geteuid()).pw_name
    done = hot.run("ack", "boiler_hot", "--comment", "seen", config=False)
    assert (done.returncode, done.stdout) == (0, f"boiler_hot is acknowledged (occurrence 1), by {me}\n")
    assert (alarm(hot, "boiler_hot")["acked"], alarm(hot, "boiler_hot")["acked_by"]) == (True, me)
    assert hot.run("alarms", "--unacked", config=False).stdout == ""
    again = hot.run("ack", "boiler_hot", "--by", "anna", config=False)
    assert (again.returncode, again.stdout) == (0, "boiler_hot needs no acknowledgement\n")
    assert alarm(hot, "boiler_hot")["acked_by"] == me


def test_an_alarm_is_shelved_and_unshelved(hot: Home) -> None:
    """For a time that is a time, by whoever is named."""
    assert hot.run("shelve", "boiler_cold", config=False).returncode == 2
    bad = hot.run("shelve", "boiler_cold", "--for", "long", config=False)
    assert (bad.returncode, "say for how long, such as --for 30min" in bad.stderr) == (2, True)
    assert hot.run("shelve", "boiler_cold", "--for", "2h", "--by", "anna", config=False).returncode == 0
    assert alarm(hot, "boiler_cold")["suppressed"] == "shelved"
    assert "by anna" in hot.run("alarms", config=False).stdout
    assert hot.run("unshelve", "boiler_cold", config=False).returncode == 0
    assert alarm(hot, "boiler_cold")["suppressed"] is None


def test_an_alarm_is_taken_out_of_service_and_put_back(hot: Home) -> None:
    """It is silent for as long."""
    assert hot.run("out-of-service", "boiler_cold", config=False).returncode == 0
    assert alarm(hot, "boiler_cold")["suppressed"] == "out_of_service"
    assert hot.run("out-of-service", "boiler_cold", "--off", config=False).returncode == 0
    assert alarm(hot, "boiler_cold")["suppressed"] is None


def test_who_is_meant_has_to_be_clear(hot: Home) -> None:
    """A slip of the fingers is met with the name that was meant; of several sensors one has to be named."""
    slip = hot.run("ack", "boiler_hott", config=False)
    assert (slip.returncode, "did you mean 'boiler_hot'?" in slip.stderr) == (2, True)
    several = hot.run("shelve", "dead", "--for", "1h", config=False)
    assert (several.returncode, "dead@boiler_temp" in several.stderr) == (2, True)
    assert hot.run("shelve", "dead@boiler_temp", "--for", "1h", config=False).returncode == 0


def test_nobody_answers_for_a_gateway_that_does_not_run(tmp_path: Path) -> None:
    """That has an exit code of its own."""
    with Home(tmp_path) as home:
        assert home.run("alarms").returncode == 3
        assert home.run("ack", "boiler_hot").returncode == 3

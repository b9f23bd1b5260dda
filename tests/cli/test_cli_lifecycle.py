"""Start, stop, restart, reload and health: one word each, true, and with exit codes that scripts can trust."""

import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest
from tests.support.gateways import PLAIN, Home
from tests.support.service import environment
from tests.support.waiting import until

from gaugeway.cli.running.background import ended
from gaugeway.service.presence import places
from gaugeway.service.presence.client import RefusedError

WRONG = PLAIN.replace("every:", "evry:")


@pytest.fixture
def home(tmp_path: Path) -> Generator[Home]:
    """A gateway that does not run yet."""
    with Home(tmp_path) as home:
        yield home


def lines_of(home: Home) -> list[str]:
    return (home.folder / "readings.jsonl").read_text().splitlines()


def test_health_tells_why_it_could_not_start(home: Home) -> None:
    """All mistakes, as `start` showed them to who may not have been looking; a good start makes that forgotten."""
    home.config.write_text(PLAIN.replace("every:", "evry:").replace("file", "fil"))
    failed = home.run("start")
    assert failed.returncode == 78
    told = home.run("health")
    assert (told.returncode, "is not running: it came to an end at" in told.stdout) == (3, True)
    assert " ".join(failed.stderr.split()) in " ".join(told.stdout.split())
    assert "did you mean 'every'?" in str(home.json()["fault"])
    home.config.write_text(PLAIN)
    home.start()
    home.run("stop")
    assert "it stopped at" in home.run("health").stdout
    assert home.json()["fault"] == ""


def test_a_second_start_that_fails_leaves_the_first_alone(home: Home) -> None:
    """A wrong edit and a `run` beside a gateway that runs: health goes on to tell of the one that runs."""
    home.start()
    home.config.write_text("sources: {}")
    assert home.run("run").returncode == 78
    home.config.write_text(PLAIN)
    assert home.run("run").returncode == 78
    assert home.report().state == "well"


def test_life_from_start_to_stop(home: Home) -> None:
    """It is started, is well, is not started twice, is stopped, is not stopped twice; all is on disk in the end."""
    started = home.run("start")
    assert started.returncode == 0
    assert started.stdout.startswith(f"plant1 runs: process {home.pid()}")
    well = home.run("health")
    assert (well.returncode, well.stdout.partition("\n")[0]) == (0, "plant1 is well: 2 sensors")
    again = home.run("start")
    assert (again.returncode, again.stdout) == (0, f"plant1 runs already: process {home.pid()}\n")
    stopped = home.run("stop")
    assert (stopped.returncode, stopped.stdout) == (0, "plant1 is stopped, everything is on disk\n")
    assert not home.alive
    assert len(lines_of(home)) > 0
    assert home.run("stop").returncode == 0


def test_one_that_is_started_has_the_environment_of_the_service(home: Home) -> None:
    """A gateway in the background is as sparing as the unit has it be."""
    home.start()
    around = Path(f"/proc/{home.pid()}/environ").read_text().split("\0")
    assert environment().items() <= dict(one.split("=", 1) for one in around if one).items()


def test_health_of_one_that_was_stopped(home: Home) -> None:
    """Exit code 3, when it stopped and what it said last."""
    assert home.run("health").returncode == 3
    home.start()
    until(lambda: "2 sensors" in home.seen().record.words)
    home.run("stop")
    health = home.run("health")
    assert health.returncode == 3
    assert "plant1 is not running: it stopped at" in health.stdout
    assert "its last words: 2 sensors" in health.stdout
    known = home.json()
    assert (known["state"], known["words"]) == ("not running", "2 sensors")


def test_health_of_one_that_was_killed(home: Home) -> None:
    """One that died without a word is known as dead, its socket is no hindrance, and it goes on where it was."""
    home.start()
    os.kill(home.pid(), signal.SIGKILL)
    until(lambda: not home.alive)
    health = home.run("health")
    assert health.returncode == 3
    assert "plant1 is not running: it died, its last sign of life came at" in health.stdout
    assert (home.folder / "state" / "control.sock").exists()
    home.start()
    assert home.run("health").returncode == 0


def stands_still(pid: int) -> bool:
    """Tell whether a process that was stopped has come to a stop, with all its threads."""
    threads = Path(f"/proc/{pid}/task").glob("*/stat")
    return all(stat.read_text().rpartition(") ")[2].startswith("T") for stat in threads)


def test_health_of_one_that_hangs(home: Home) -> None:
    """One that does not answer is unwell, and since when; `stop --kill` ends it all the same."""
    home.start()
    os.kill(home.pid(), signal.SIGSTOP)
    until(lambda: stands_still(home.pid()))
    long_ago = home.seen().beat - 60
    for record in (home.runtime / "gaugeway").iterdir():
        os.utime(record, (long_ago, long_ago))  # as if it had been stopped a minute ago
    health = home.run("health")
    assert health.returncode == 1
    assert "plant1 is not answering since" in health.stdout
    assert f"process {home.pid()} is there" in health.stdout
    known = home.json()
    assert (known["state"], known["since"], known["pid"]) == ("not answering", long_ago, home.pid())
    stopped = home.run("stop", "--kill")
    assert stopped.returncode == 0, stopped.stderr
    assert "plant1 has ended, but not in good order" in stopped.stdout
    assert not home.alive


def test_a_forged_record_ends_no_process(home: Home) -> None:
    """Whoever can write a record cannot have somebody else's process ended by it."""
    home.start()
    forged = home.seen()
    forged.record.socket, forged.record.pid = "/nowhere", 1
    with pytest.raises(RefusedError, match="process 1 is not that of plant1"):
        ended(forged, kill=True)
    forged.record.pid, forged.owner = home.pid(), home.seen().owner + 1
    with pytest.raises(RefusedError):
        ended(forged, kill=True)
    assert home.alive


def test_mistakes_are_shown_by_start_as_by_run(home: Home) -> None:
    """A wrong configuration is exit code 78 and the mistake at its place, and nothing runs."""
    home.config.write_text(WRONG)
    started, run = home.run("start"), home.run("run")
    assert (started.returncode, run.returncode) == (78, 78)
    assert started.stderr == run.stderr
    assert "gateway.yaml:6:5: unknown option 'evry'" in started.stderr
    assert "did you mean 'every'?" in started.stderr
    assert not home.alive


@pytest.mark.parametrize("command", ["reload", "restart"])
def test_a_bad_edit_takes_nothing_down(home: Home, command: str) -> None:
    """Neither reload nor restart goes over to a wrong file: the mistakes are shown, and the same process goes on."""
    home.start()
    pid = home.pid()
    home.config.write_text(WRONG)
    refused = home.run(command)
    assert refused.returncode == 78
    assert "unknown option 'evry'" in refused.stderr
    home.config.unlink()
    assert home.run(command).returncode == 78
    report = home.report()
    assert (report.process.pid, report.state, report.process.config_changed) == (pid, "well", ("gateway.yaml",))
    home.config.write_text(PLAIN)


def test_reload_goes_over_to_the_file(home: Home) -> None:
    """What the file says now is what runs, in the same process, and health knows that it is the same again."""
    home.start()
    pid = home.pid()
    home.config.write_text(PLAIN.replace("boiler_press:", "boiler_force:"))
    assert home.report().process.config_changed
    reloaded = home.run("reload")
    assert (reloaded.returncode, reloaded.stdout) == (0, "reloaded\n")
    until(lambda: "boiler_force" in [sensor.name for sensor in home.report().sensors])
    report = home.report()
    assert (report.process.pid, report.process.config_changed) == (pid, ())


def test_restart_is_another_process_that_goes_on(home: Home) -> None:
    """A restart takes over whatever the file says, also another storage folder, and also starts what does not run."""
    assert home.run("restart").returncode == 0
    first = home.pid()
    home.config.write_text(PLAIN + "storage: {dir: elsewhere}\n")
    refused = home.run("reload")
    assert refused.returncode == 78
    assert "this takes a restart" in refused.stderr
    assert refused.stderr.endswith("\n\nThe gateway goes on as it was.\n")
    assert home.run("restart").returncode == 0
    assert home.pid() != first
    assert (home.folder / "elsewhere" / "gateway.log").exists()


def test_commands_need_a_gateway_that_runs(home: Home) -> None:
    """Exit code 3 and a sentence, where there is nobody to ask."""
    for command in ("reload", "monitor"):
        done = home.run(command)
        advice = f"{home.config} is not running: `gaugeway start {home.config}` starts it\n"
        assert (done.returncode, done.stderr) == (3, f"gaugeway {command}: {advice}")


def test_the_usual_gateway_is_meant_without_a_word(home: Home) -> None:
    """`gaugeway.yaml` in this folder, or else the only one that runs; a name that nobody has is wrong usage."""
    home.start()
    assert "plant1 is well" in home.run("health", config=False).stdout
    assert "plant1 is well" in home.run("health", "plant1", config=False).stdout
    unknown = home.run("health", "plant9", config=False)
    assert unknown.returncode == 2
    assert "no file, folder or gateway called 'plant9'" in unknown.stderr
    (home.folder / "gaugeway.yaml").write_text(PLAIN)
    assert home.run("health", config=False).returncode == 3


def test_a_gateway_that_does_not_run_is_not_started_unnamed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last one that ran on this computer may be anybody's; its end is told all the same."""
    home.start()
    home.run("stop")
    monkeypatch.setattr(places, "everywhere", lambda: [str(home.runtime / "gaugeway")])
    for command in ("start", "restart"):
        refused = home.inside(command)
        assert (refused.returncode, "no gaugeway.yaml here" in refused.stderr) == (2, True)
    assert not home.alive
    assert f"`gaugeway start {home.config}` starts it" in home.inside("health").stdout


def test_a_start_that_is_taken_back_leaves_nothing_behind(home: Home) -> None:
    """Ctrl-C while it waits: the gateway that it began is ended too."""
    starting = home.background("start")
    until(lambda: home.alive)
    starting.send_signal(signal.SIGINT)
    starting.wait(60)
    if starting.returncode == 0:
        pytest.skip("it was quicker than the one who took it back")
    assert starting.returncode == 130
    until(lambda: not home.alive)


def test_two_at_once_are_refused(home: Home) -> None:
    """A second gateway with the same folder is refused with the process that holds it."""
    home.start()
    second = home.run("run")
    assert second.returncode == 78
    assert f"process {home.pid()}" in second.stderr
    assert home.run("health").returncode == 0


def test_a_run_in_the_foreground_answers_too(home: Home) -> None:
    """`run` is asked and stopped like one in the background, and leaves neither socket nor process."""
    process = home.background("run")
    until(lambda: home.alive and home.run("health").returncode == 0)
    assert home.run("stop").returncode == 0
    assert process.wait(10) == 0
    assert not (home.folder / "state" / "control.sock").exists()


def test_start_of_what_ends_by_itself(tmp_path: Path) -> None:
    """A gateway whose sources come to their end is no failure."""
    finite = PLAIN.replace("every: 50ms", "every: 0s\n    count: 3")
    with Home(tmp_path, finite) as home:
        assert home.run("start").returncode == 0
        until(lambda: not home.alive)
        assert len(lines_of(home)) == 6


def test_start_leaves_the_terminal_alone(home: Home) -> None:
    """Nothing of the gateway hangs on the terminal or pipe of who started it: what it says goes to its log."""
    home.start()  # returns only when both pipes are closed
    descriptors = Path(f"/proc/{home.pid()}/fd")
    targets = {name: os.readlink(descriptors / name) for name in ("0", "1", "2")}
    log = str(home.folder / "state" / "gateway.log")
    assert targets == {"0": "/dev/null", "1": "/dev/null", "2": log}
    assert os.getsid(home.pid()) == home.pid()
    assert "started" in home.log


def test_flags_are_switched_while_it_runs(home: Home) -> None:
    """A flag switched off takes its stage out at once; an unknown one is wrong usage."""
    about = str(home.config)
    home.start()
    assert home.run("flags", about, config=False).stdout.split() == ["smoothing", "on"]
    assert home.run("flags", "smoothing", "off", about, config=False).stdout.split() == ["smoothing", "off"]
    until(lambda: not any(sensor.results for sensor in home.report().sensors))
    unknown = home.run("flags", "smooth", "off", about, config=False)
    assert unknown.returncode == 2
    assert "there is no flag 'smooth'; there are: smoothing" in unknown.stderr
    assert home.run("flags", "smoothing", "maybe", about, config=False).returncode == 2
    assert home.run("flags", about, "--json", config=False).stdout == '{"smoothing": false}\n'
    alone = home.run("flags", "smoothing", config=False)
    assert alone.returncode == 2
    assert "if it is a flag, say whether it is to be on or off" in alone.stderr


def test_signals_do_what_commands_do(home: Home) -> None:
    """SIGHUP reloads and SIGTERM stops, as a service manager does it."""
    home.start()
    os.kill(home.pid(), signal.SIGHUP)
    until(lambda: "reloaded" in home.log)
    os.kill(home.pid(), signal.SIGTERM)
    until(lambda: not home.alive)
    assert home.run("health").returncode == 3


def test_health_in_a_closed_pipe(home: Home) -> None:
    """`gaugeway health | head -1` ends quietly."""
    home.start()
    process = home.background("health")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    assert process.wait(10) in (0, 1)

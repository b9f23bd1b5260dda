"""Whatever a configuration takes in is part of it: health names what has changed, and a reload goes over to it."""

from collections.abc import Generator
from pathlib import Path

import pytest
from tests.support.gateways import Home
from tests.support.waiting import until

CONFIG = """
node: plant1
plugins: plugins
sources: !include sources.yaml
stages: [scaled]
sinks:
  archive: {type: file, path: readings.jsonl}
  phone: {type: webhook, url: 'http://127.0.0.1:1', headers: {X-Token: !secret token}}
alerts: [rules/*.yaml]
"""
SOURCES = "boiler: {type: synthetic, every: 20ms, sensors: {t1: {}}}\n"
RULE = "hot: {sensor: t1, above: 1000000}\n"
SCALED = '''
from gaugeway import Reading

def scaled(reading: Reading) -> Reading:
    """Put a factor beside the value."""
    reading.put("factor", 2.0)
    return reading
'''


class Composed(Home):
    """A gateway whose configuration stands in many files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, CONFIG)
        self.put("sources.yaml", SOURCES)
        self.put("rules/boiler.yaml", RULE)
        self.put("plugins/scaled.py", SCALED)
        self.put("secrets.yaml", "token: correct-horse\n")

    def put(self, name: str, text: str) -> None:
        """Write a file."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)

    def changed(self) -> tuple[str, ...]:
        """Return the files that health says have changed."""
        return self.report().process.config_changed

    def factor(self) -> float:
        """Return what the plugin puts beside the last value."""
        (sensor,) = self.report().sensors
        return sensor.results.get("factor", 0.0)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Generator[Composed]:
    """One that runs."""
    with Composed(tmp_path_factory.mktemp("composed")) as home:
        home.start()
        yield home
        home.run("stop")


def test_all_files_are_part_of_it(home: Composed) -> None:
    """They are listed, and nothing has changed at the start."""
    process = home.report().process
    assert [Path(path).relative_to(home.folder).as_posix() for path in process.config_files] == [
        "gateway.yaml", "plugins/scaled.py", "rules/boiler.yaml", "secrets.yaml", "sources.yaml",
    ]  # fmt: skip
    assert process.config_changed == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sources.yaml", SOURCES.replace("20ms", "30ms")),
        ("rules/boiler.yaml", RULE.replace("1000000", "2000000")),
        ("rules/new.yaml", RULE.replace("hot", "very_hot")),
        ("plugins/scaled.py", SCALED.replace("2.0", "3.0")),
        ("plugins/another.py", SCALED.replace("scaled", "another")),
        ("secrets.yaml", "token: battery-staple\n"),
    ],
)
def test_a_change_is_named_until_it_is_taken_over(home: Composed, name: str, text: str) -> None:
    """By the file, in the report and to people; it is no fault. What a reload takes over is not named any more."""
    home.put(name, text)
    assert home.changed() == (name,)
    shown = home.run("health").stdout
    assert f"the configuration has changed since it was taken over: {name}" in shown
    assert home.run("reload").returncode == 0
    assert home.changed() == ()


def test_a_file_that_is_gone_is_named(home: Composed) -> None:
    """A rule that was taken away is a change too."""
    (home.folder / "rules" / "new.yaml").unlink()
    assert home.changed() == ("rules/new.yaml",)
    assert home.run("reload").returncode == 0
    assert home.changed() == ()


def test_what_a_reload_refuses_stays_named(home: Composed) -> None:
    """The old configuration goes on, and health says that it is the old one."""
    home.put("rules/broken.yaml", "cold: {sensr: t1, below: 5}\n")
    done = home.run("reload")
    assert (done.returncode, "did you mean 'sensor'?" in done.stderr) == (78, True)
    assert home.changed() == ("rules/broken.yaml",)
    (home.folder / "rules" / "broken.yaml").unlink()
    assert home.changed() == ()


def test_a_reload_takes_new_code_of_a_plugin_into_use(home: Composed) -> None:
    """Also where its name and options are what they were; a plugin whose file is the same stays as it is."""
    before = home.report().sources[0].since
    home.put("plugins/scaled.py", SCALED.replace("2.0", "5.0"))
    assert home.run("reload").returncode == 0
    until(lambda: home.factor() == 5.0)
    home.put("plugins/scaled.py", SCALED.replace("2.0", "7.0"))
    assert home.run("reload").returncode == 0
    until(lambda: home.factor() == 7.0)
    assert home.report().sources[0].since == before

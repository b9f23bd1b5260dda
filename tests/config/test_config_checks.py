"""What shows only when all parts are seen together."""

from pathlib import Path

import pytest
from tests.config.kit import plan, problems, report, source, told

from gaugeway.config import load_report
from gaugeway.config.checks import sources
from gaugeway.config.checks.sources import overlap

SENSORS = (
    "{boiler: {kind: temperature, unit: °C, range: [0, 100], unit_id: 1},"
    " boiler2: {kind: temperature, unit: °C, range: [0, 100], unit_id: 9},"
    " main: {kind: pressure, unit: bar, range: [0, 10], unit_id: 2}, 'pump*': {unit_id: 3, kind: flow, unit: L/min}}"
)


def checked(text: str) -> list[str]:
    """Return what is wrong with a text that follows a source with some sensors."""
    return [one.partition(" ")[2] for one in problems(source(sensors=SENSORS) + text)]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{sensor: boilr, above: 50}", "unknown sensor 'boilr' | did you mean 'boiler'?"),
        (
            "{sensor: xyz, above: 50}",
            "unknown sensor 'xyz' | write it under the 'sensors' of its source; there is boiler, boiler2, main",
        ),
        ("{sensors: [boiler, mian], above: 5}", "unknown sensor 'mian' | did you mean 'main'?"),
        ("{sensors: ['x*'], above: 5}", "no sensor fits 'x*' | there is boiler, boiler2 and main"),
        ("{sensor: boiler, above: 5 bar}", "'above': 'boiler' is measured in °C, which bar does not fit"),
        ("{sensor: boiler, above: 500}", "'above': 500 lies outside the range of 'boiler', 0 to 100 °C"),
        (
            "{sensor: boiler, below: 5, clear_below: 6}",
            "'clear_below' goes with above or outside; with below it is 'clear_above'",
        ),
        (
            "{sensor: boiler, above: 50, clear_below: 60}",
            "'clear_below' has to be less than 50, or the alarm would clear while it still stands",
        ),
        (
            "{sensor: boiler, above: 50, clear_below: -5}",
            "'clear_below' lies outside the range of 'boiler': the alarm would never clear",
        ),
        ("{sensor: boiler}", "'hot': say when to raise: one of above, below, outside, rate, stuck, stale, quality"),
        ("{above: 50}", "'hot': say which sensor it watches: sensor, sensors, kind or difference"),
        (
            "{sensor: boiler, above: 50, below: 5}",
            "'below' is one condition too many: this rule has 'above' already; write a second rule",
        ),
        ("{sensor: boiler, above: 50, of: average}", "no stage before gives 'average' | put one before that does"),
        (
            "{sensor: boiler, above: 50, of: averge}",
            "no stage gives a result called 'averge' | did you mean 'average'?",
        ),
        ("{sensor: boiler, above: 50, inhibited_by: [hto]}", "'inhibited_by': there is no rule 'hto'"),
        ("{difference: [boiler, boiler2], above: 500}", "'above': the difference of the two lies between -100 and 100"),
        ("{kind: pressure, above: 50}", "'above': 50 lies outside the range of 'main', 0 to 10 bar"),
        ("{sensor: boiler, above: 50, message: '{vlaue}'}", "'message' knows no {vlaue}"),
        ("{sensor: boiler, above: 50, message: '{value:d}'}", "'message' cannot write {value} like 'd'; numbers go"),
        ("{sensor: boiler, above: 50, message: '{unit:.1f}'}", "'message' cannot write {unit} like '.1f'"),
        ("{sensor: boiler, above: 50, message: '{value:{unit}}'}", "'message' cannot write {value} like '{unit}'"),
        ("{sensor: boiler, above: 50, message: '{value!x}'}", "'message' cannot write {value} like 'x'"),
        ("{sensor: boiler, above: 50, message: '{value:99999999.1f}'}", "'message' cannot write {value} like '99"),
    ],
)
def test_a_rule_is_held_against_itself_and_the_sensors(rule: str, said: str) -> None:
    (found,) = checked(f"alerts:\n  hot: {rule}\n")
    assert found.startswith(said)


@pytest.mark.parametrize(
    "rule",
    [
        "{sensor: boiler, above: 122 °F}",
        "{sensor: pump7, above: 5}",
        "{sensors: ['pump*'], above: 5 L/min}",
        "{kind: pressure, above: 9 bar}",
        "{difference: [boiler, boiler2], above: 50}",
    ],
)
def test_a_rule_that_fits_is_let_be(rule: str) -> None:
    assert problems(source(sensors=SENSORS) + f"alerts:\n  hot: {rule}\n") == []


def test_a_mistake_in_a_sensor_is_told_once_and_not_again_for_all_that_refer_to_it() -> None:
    rule = "alerts: {hot: {sensor: t1, above: 5}}\nstages: [{smooth: {select: t1}}]\n"
    assert len(problems(source(sensors="{t1: {knd: temperature, unit_id: 1}}") + rule)) == 1
    assert len(problems("sources: {bus: {type: prt, sensors: {t1: {}}}}\n" + rule)) == 1


def test_a_rule_for_a_sensor_that_may_yet_come_is_warned_of() -> None:
    rule = "alerts: {hot: {sensor: t1, above: 5}}\nsinks: {p: {type: phone}}\n"
    found = report("sources: {bus: {type: port, port: /dev/null}}\n" + rule)
    assert found.problems == ()
    assert told(found.warnings[0]).startswith("2:24 the sensor 't1' is not declared")


def test_alarms_that_no_sink_could_tell_of_are_warned_of() -> None:
    """A file takes readings and no alarms; whoever has written the rules believes that he will be told."""
    text = source() + "sinks:\n  f: {type: file, path: f}\nalerts: {hot: {sensor: t1, above: 5}}\n"
    (found,) = report(text).warnings
    assert told(found).startswith("8:9 nobody is told of these alarms: there is no sink for them | add one")
    assert report(text.replace("type: file, path: f", "type: phone")).warnings == ()


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ("[{smooth: {select: [boilr]}}]", "'select' takes in no sensor with 'boilr' | did you mean 'boiler'?"),
        (
            "[{smooth: {select: [boiler, volume]}}]",
            "'select' takes in no sensor with 'volume'"
            " | there is boiler, boiler2, main, temperature, pressure, flow and any",
        ),
        ("[{smooth: {flag: winter}}]", "there is no flag 'winter' | add it under 'flags': winter: true"),
        ("[{timer: {of: average}}, smooth]", "no stage before gives 'average' | put one before that does"),
        ("[blind, timer]", "'blind' does not say that it lets ticks by, and timer behind it needs them"),
        ("[{blind: {select: [boiler]}}]", "'blind' does not say that it lets ticks by, so it cannot be selective"),
        ("[{smooth: {by: 5 kg}}]", "5 kg fits none of the sensors it is for | they are measured in L/min, bar, °C"),
        (
            "[{smooth: {by: 5 bar, select: [boiler]}}]",
            "5 bar fits none of the sensors it is for | they are measured in °C",
        ),
    ],
)
def test_a_chain_is_held_against_itself_and_the_sensors(stages: str, said: str) -> None:
    (found,) = checked(f"stages: {stages}\n")
    assert found.startswith(said)


@pytest.mark.parametrize(
    "stages",
    [
        "[smooth, {timer: {of: average}}]",
        "[timer, blind]",
        "[plain, timer]",
        "[{smooth: {by: 5 °F, select: [temperature, pump1]}}]",
    ],
)
def test_a_chain_that_fits_is_let_be(stages: str) -> None:
    assert checked(f"stages: {stages}\n") == []


def test_two_sources_cannot_open_one_port() -> None:
    (found,) = problems(source() + "  other:\n    type: port\n    port: /dev/null\n")
    assert found.startswith("8:11 the port of 'other' is the port of 'bus' too")


def test_no_more_sensors_are_declared_than_there_may_be() -> None:
    text = source(sensors='{"p{n}": {each: {n: 1..7}, unit_id: "{n}"}}') + "limits:\n  max_sensors: 5\n"
    assert problems(text)[0].startswith("7:16 7 sensors are declared, and there may be 5")


def test_two_sensors_cannot_have_one_name() -> None:
    (found,) = problems(source() + "  other:\n    type: port\n    port: /dev/zero\n    sensors: {t1: {unit_id: 2}}\n")
    assert found == "9:15 there are two sensors called 't1' | the other is in line 5: give one of them another name"


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("a/b", "a/b", True),
        ("a/+", "a/b", True),
        ("a/+", "b/+", False),
        ("#", "x/y", True),
        ("a/#", "a", True),
        ("a/b/c", "a/b", False),
        ("a/+/c", "a/b/+", True),
        ("+/b", "a/+", True),
        ("a/b", "a/c", False),
        ("a/#", "b/#", False),
    ],
)
def test_filters_overlap_where_a_topic_fits_both(one: str, other: str, both: bool) -> None:
    assert overlap(one, other) is overlap(other, one) is both


def test_a_port_that_is_not_there_is_warned_of_where_there_are_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name was mistyped, or it is not plugged in; a computer without adapters is not the one that is meant."""
    text = source().replace("/dev/null", str(tmp_path / "usb-FTDl_FT232R")) + "sinks: {}\n"
    monkeypatch.setattr(sources, "ADAPTERS", tmp_path)
    assert not report(text).warnings
    (tmp_path / "usb-FTDI_FT232R").touch()
    (found,) = report(text).warnings
    assert told(found) == f"4:11 {tmp_path}/usb-FTDl_FT232R is not there now | there is {tmp_path}/usb-FTDI_FT232R"
    assert not report(text.replace("FTDl", "FTDI")).warnings


def test_topics_that_are_received_twice_are_warned_of() -> None:
    broker = "{type: broker, broker: 'mqtt://h', topic: %s}"
    text = f"sources:\n  a: {broker % 'x/+'}\n  b: {broker % '[y, x/1]'}\nsinks: {{}}\n"
    (found,) = report(text).warnings
    assert told(found) == "3:52 what fits 'x/1' may fit 'x/+', and is then read by 'a' too"


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("topic: [x, y]", "topic: [y, x]", "'a' reads the same topics, under the same client id too: they would"),
        ("topic: x, client_id: i", "topic: y, client_id: i", "'a' has this client id at this broker too: they would"),
        ("topic: x, client_id: i", "topic: x", ""),
        ("topic: x", "topic: y", ""),
    ],
)
def test_two_clients_of_one_broker_have_names_of_their_own(one: str, other: str, said: str, tmp_path: Path) -> None:
    """Two that share a name are thrown off in turn, for ever."""
    broker = "{type: mqtt, broker: 'mqtt://h', format: {type: number}, sensors: {'%s*': {}}, %s}"
    sink = "{type: alert, broker: 'mqtt://h', client_id: j}"
    text = f"sources:\n  a: {broker % ('a', one)}\n  b: {broker % ('b', other)}\nsinks: {{s: {sink}}}\n"
    (tmp_path / "gateway.yaml").write_text(text)
    found = load_report(tmp_path / "gateway.yaml").problems
    assert [problem.message.startswith(said) for problem in found] == [True] * bool(said)


@pytest.mark.parametrize(
    ("sensor", "said"),
    [
        ("{kind: temperature, unit: bar}", "'bar' is no unit of temperature | there is °C, °F and K"),
        ("{kind: temperature, unit: c}", "'c' is no unit of temperature"),
        ("{range: [5, 5]}", "the range begins at 5 and ends at 5: the lowest comes first | did you mean [5, 5]?"),
        ("{unit: no}", "'unit' must be a unit such as °C, bar or L/min, not no without quotes"),
        (
            "{kind: temprature}",
            "'kind' must be one of temperature, pressure, flow and any, not 'temprature' | did you mean temperature?",
        ),
    ],
)
def test_a_sensor_is_held_against_itself(sensor: str, said: str) -> None:
    (found,) = problems(source(sensors="{t1: " + sensor[:-1] + ", unit_id: 1}}"))
    assert found.partition(" ")[2].startswith(said)


def test_a_unit_is_kept_in_its_one_spelling() -> None:
    sensors = "{a: {unit: degC, unit_id: 1}, b: {kind: flow, unit: lpm, unit_id: 2}, c: {unit: widgets, unit_id: 3}}"
    declared = plan(source(sensors=sensors)).pipelines[0].source.sensors.declared
    assert [sensor.unit for sensor in declared.values()] == ["°C", "L/min", "widgets"]


@pytest.mark.parametrize("name", ["a/b", "a b", "a+", "#", "{x}"])
def test_a_name_can_stand_in_a_topic(name: str) -> None:
    (found,) = problems(source(sensors=f"{{'{name}': {{unit_id: 1}}}}"))
    assert "the name of a sensor cannot contain" in found


def test_what_a_constructor_says_stands_at_the_option_that_it_names() -> None:
    assert problems(source("baud: 666")) == ["6:11 'baud' 666 is not to be trusted"]
    (found,) = problems(source("baud: 667"))
    assert found.startswith("3:11 the source type 'port' fails in its own code: RuntimeError: a bug")


def test_what_the_constructor_of_a_behaviour_says_is_found_too() -> None:
    """Around a source, a stage and a sink."""
    untrusted = "with: [watched: {every: 666s}]"
    text = source(untrusted) + f"stages: [smooth: {{{untrusted}}}]\nsinks:\n  f: {{type: file, path: f, {untrusted}}}\n"
    assert problems(text) == [f"{place} 'every' 666 is not to be trusted" for place in ("6:29", "7:43", "9:52")]


SINKS = "sinks:\n  f: {type: file, path: %s}\n"


def test_a_sink_cannot_write_the_configuration(tmp_path: Path) -> None:
    assert problems(source() + SINKS % "gateway.yaml", tmp_path) == [
        "7:25 gateway.yaml is this configuration | choose another name"
    ]


@pytest.mark.parametrize("own", ["state.db", "reserve", "gateway.log", "audit.jsonl", "intake/bus/1.jsonl"])
def test_a_sink_cannot_write_over_the_gateways_own_state(own: str, tmp_path: Path) -> None:
    """By whatever way the path leads there; beside it there is room for other things."""
    (tmp_path / "state").mkdir()
    (tmp_path / "link").symlink_to("state")
    hint = "choose another name, or another folder"
    for folder in ("state", "link"):
        (found,) = problems(source() + SINKS % f"{folder}/{own}", tmp_path)
        assert found == f"7:25 the gateway keeps its own state in {tmp_path / folder / own} | {hint}"
    assert problems(source() + SINKS % f"state/data/{own}", tmp_path) == []
    assert problems(source() + "storage: {dir: kept}\n" + SINKS % f"state/{own}", tmp_path) == []


def test_paths_that_lead_in_a_circle_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to("round")
    (found,) = problems(source() + SINKS % "round", tmp_path)
    assert found.startswith("7:25 there can be no round")
    assert problems("sources: {bus: {type: port, port: round, sensors: {t1: {unit_id: 1}}}}\n", tmp_path) == []


def test_two_sinks_cannot_write_one_file(tmp_path: Path) -> None:
    text = source() + SINKS % "a.jsonl" + "  g: {type: file, path: ./a.jsonl}\n"
    assert problems(text, tmp_path) == ["8:25 'f' writes to a.jsonl too | give each sink a file of its own"]


def test_a_sink_cannot_write_into_a_folder_or_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "is a folder" in problems(source() + SINKS % ".", tmp_path)[0]
    assert "is a file, and a folder is needed there" in problems(source() + SINKS % "file/a.jsonl", tmp_path)[0]


def test_a_path_that_cannot_be_is_told_where_it_stands(tmp_path: Path) -> None:
    """In words, and without a traceback: too long for any file system, or with a character that ends it."""
    (found,) = problems(source() + f"storage: {{dir: {'x' * 300}}}\n", tmp_path)
    assert found.startswith("6:16 there can be no xxx")
    assert found.endswith("…: file name too long")
    (found,) = problems(source() + SINKS % f"{'x' * 300}.jsonl", tmp_path)
    assert found.endswith("…: file name too long")
    (found,) = problems(source() + 'storage: {dir: "a\\0b"}\n', tmp_path)
    assert found == "6:16 'dir' must be a path, and the character U+0000 is in none"


def test_no_size_is_larger_than_the_disk(tmp_path: Path) -> None:
    (found,) = problems(source() + SINKS % "a.jsonl, keep: 900000GB", tmp_path)
    assert "more than the whole disk" in found
    (found,) = problems(source() + "storage: {journal_size: 900000GB}\n", tmp_path)
    assert "more than the whole disk" in found
    assert found.endswith("| write a smaller `journal_size` under `storage`")


def test_times_shorter_than_what_passes_between_two_readings_are_warned_of() -> None:
    text = source("every: 1min") + "alerts:\n  hot: {sensor: t1, above: 50, for: 5s}\nsinks: {p: {type: phone}}\n"
    (found,) = report(text).warnings
    assert told(found).startswith("8:37 'for' is shorter than the 60 s between two readings of 'bus'")


def test_a_mistake_is_not_followed_by_what_only_follows_from_it() -> None:
    """A sink that cannot be read is there all the same, and so is a sensor whose name is taken."""
    text = source() + "sinks: {phone: {type: tells, nonsense: 1}}\nalerts:\n  hot: {sensor: t1, above: 90 °C}\n"
    assert not report(text).warnings


def test_readings_that_lead_nowhere_are_warned_of() -> None:
    """Unless it is said that there are to be no sinks."""
    (found,) = report(source()).warnings
    assert "what is read goes nowhere" in told(found)
    assert not report(source() + "sinks: {}\n").warnings

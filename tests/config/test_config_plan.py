"""From a file to a plan: how sources, stages and sinks are written, and what holds where nothing is."""

from pathlib import Path

import pytest
from tests.config.kit import REGISTRY, Port, Smooth, plan, problems, report, source, told

from gaugeway.config import load, load_text
from gaugeway.errors import ConfigError
from gaugeway.plan import Buffer, Retry, Use
from gaugeway.plugin import Plugin
from gaugeway.registry import Registry


def test_the_smallest_file_has_sensible_defaults(tmp_path: Path) -> None:
    found = plan(source(), tmp_path)
    assert (found.storage.dir, found.storage.sync_every) == (tmp_path / "state", 5.0)
    assert (found.max_sensors, found.log_level, found.rules, found.sinks) == (10_000, "info", {}, ())
    assert found.node
    assert not set("+#/ ").intersection(found.node)
    assert found.pipelines[0].source.retry == Retry(most=5.0)


@pytest.mark.parametrize(
    ("written", "options", "select"),
    [
        ("[smooth]", {}, ()),
        ("[{smooth: {last: 5}}]", {"last": 5}, ()),
        ("[{smooth: {last: 5, select: [t1]}}]", {"last": 5}, ("t1",)),
        ("[{smooth: {last: 5}, select: t1}]", {"last": 5}, ("t1",)),
        ("[{smooth: , select: [temperature]}]", {}, ("temperature",)),
        ("\n  - smooth:\n      last: 5\n    select: [t1]", {"last": 5}, ("t1",)),
        ("\n  - smooth:\n      last: 5s\n      select: t1", {"last": 5.0}, ("t1",)),
    ],
)
def test_a_stage_is_its_name_or_its_name_with_options(
    written: str, options: dict[str, object], select: tuple[str, ...]
) -> None:
    (stage,) = plan(source() + f"stages: {written}\n").pipelines[0].stages
    assert (stage.type, stage.id, stage.options, stage.select) == ("smooth", "smooth", options, select)


def test_what_the_engine_does_for_a_stage_stands_among_its_options() -> None:
    text = (
        "flags: {winter: true}\nstages: [{smooth: {id: mean, on_error: halt,"
        " flag: winter, with: [watched, {watched: {every: 5s}}]}}]\n"
    )
    (stage,) = plan(source() + text).pipelines[0].stages
    assert (stage.id, stage.on_error, stage.flag) == ("mean", "halt", "winter")
    assert [(use.type, use.options) for use in stage.behaviours] == [("watched", {}), ("watched", {"every": 5.0})]


def test_an_option_of_a_plugin_goes_before_a_key_of_the_engine_which_then_stands_beside() -> None:
    class Choosing(Smooth):
        """Has a `select` of its own."""

        def __init__(self, *, select: int = 0) -> None:
            super().__init__()

    known = Registry([Plugin("source", "port", "x", lambda: Port), Plugin("stage", "choosing", "x", lambda: Choosing)])
    file = source() + "stages: [{choosing: {select: 5}, select: [t1]}]\n"

    found = load_text(file, known, {})
    assert found.plan is not None
    (stage,) = found.plan.pipelines[0].stages
    assert (stage.options, stage.select) == ({"select": 5}, ("t1",))


def test_two_stages_of_one_type_are_told_apart() -> None:
    stages = plan(source() + "stages: [smooth, {smooth: {last: 3}}, {smooth: {id: third}}]\n").pipelines[0].stages
    assert [stage.id for stage in stages] == ["smooth", "smooth_2", "third"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[smoth]", "6:10 unknown stage type 'smoth' | did you mean 'smooth'?"),
        ("[file]", "6:10 unknown stage type 'file' | 'file' is a sink"),
        (
            "[{smooth: 5}]",
            "6:19 'smooth' must be a mapping of the options of smooth, not the number 5 | did you mean {last: 5}?",
        ),
        ("[{smooth: {lats: 5}}]", "6:20 unknown option 'lats' for stage 'smooth' | did you mean 'last'?"),
        ("\n  - smooth:\n    last: 5", "8:5 'last' belongs under 'smooth' | indent it further"),
        (
            "\n  - smooth:\n    plain:",
            "8:5 'smooth' and 'plain' stand in one item of the list | begin it with a dash of its own",
        ),
        (
            "smooth",
            "6:9 'stages' must be a list of stages, not 'smooth'"
            " | write [in_range, normalise], or one stage a line with a dash",
        ),
        ("[{select: [t1]}]", "6:10 this names no stage | write {name: {…}}; there is blind, plain, smooth, timer"),
        ("[{smooth: {id: a}}, {smooth: {id: a}}]", "6:30 two stages are called 'a'; the other stands in line 6"),
        ("[{smooth: {on_error: stop}}]", "6:30 'on_error' must be one of halt, skip and retry, not 'stop'"),
    ],
)
def test_a_stage_that_cannot_be_is_told_with_what_to_do(written: str, said: str) -> None:
    (found,) = problems(source() + f"stages: {written}\n")
    assert found == said


def test_a_source_may_have_stages_of_its_own() -> None:
    text = source("stages: [plain]") + "  other:\n    type: port\n    port: /dev/zero\nstages: [smooth]\n"
    assert {one.source.id: [stage.type for stage in one.stages] for one in plan(text).pipelines} == {
        "bus": ["plain"],
        "other": ["smooth"],
    }


def test_sinks_take_what_the_engine_does_for_them() -> None:
    text = (
        "sinks:\n  phone:\n    type: phone\n    select: t1\n    on_error: skip\n    retry: {first: 1s}\n"
        "    buffer: {size: 1MB, when_full: thin}\n    with: watched\n"
    )
    (sink,) = plan(source() + text).sinks
    assert (sink.select, sink.on_error, sink.retry) == (("t1",), "skip", Retry(first=1.0))
    assert sink.buffer == Buffer(size=1_000_000, when_full="thin")
    assert [use.type for use in sink.behaviours] == ["watched"]


def test_retry_at_the_top_holds_for_all_that_say_nothing_themselves() -> None:
    text = "retry: {most: 9s}\n" + source("retry: {first: 2s}") + "  b: {type: port, port: /dev/zero}\n"
    first, second = plan(text).pipelines
    assert (first.source.retry, second.source.retry) == (Retry(first=2.0, most=5.0), Retry(most=9.0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "sources:\n  a b: {type: port, port: x}\n",
            "2:3 the name of a source cannot contain a blank | did you mean 'a_b'?",
        ),
        (
            'sources:\n  "a\\u202Eb": {type: port, port: x}\n',
            "2:3 the name of a source cannot contain U+202E, which nobody sees | delete it",
        ),
        ("sources:\n  a: {port: x}\n", "2:3 source 'a' has no 'type' | add 'type: …', one of broker, port"),
        ("sources:\n  a: {tpye: port, port: x}\n", "2:7 unknown option 'tpye' of source 'a' | did you mean 'type'?"),
        ("sources:\n  a: {type: prot, port: x}\n", "2:13 unknown source type 'prot' | did you mean 'port'?"),
        ("sources:\n  a: {type: port}\n", "2:3 'port' is missing for source type 'port' | add 'port: /dev/ttyUSB0'"),
        (
            "sources:\n  a: /dev/null\n",
            "2:6 'a' must be a mapping with the options of a source, not '/dev/null' | write {type: …}",
        ),
        (
            "sources: [a]\n",
            "1:10 'sources' must be a mapping of names to sources, not a list"
            " | write a name of your choice, and under it 'type: …' and the options of the source",
        ),
        ("source: {}\n", "1:1 unknown option 'source' in this file | did you mean 'sources'?"),
        ("node: x\n", "1:1 'sources' is missing in this file | add 'sources', a mapping of names to sources"),
        ("version: 2\n" + source(), "1:10 'version' must be 1, not the number 2"),
        (f"node: {'n' * 129}\n" + source(), "1:7 'node' must have at most 128 characters"),
        ("node: plant/1\n" + source(), "1:7 'node' must be a name without blanks, +, # and /, not 'plant/1'"),
    ],
)
def test_what_is_wrong_with_the_file_as_a_whole_is_told_once(text: str, said: str) -> None:
    assert problems(text) == [said]


def test_a_blank_that_is_missing_after_a_colon_is_asked_for() -> None:
    """YAML takes all up to the next colon for the name."""
    assert problems("sources:\n  a:{type: port}\n")[0] == (
        "2:3 the name of a source cannot contain '{' | put a blank after the colon"
    )


def test_all_mistakes_come_together_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text("flags: 5\n" + source("boud: 60\nevery: 10") + "stages: [smoth]\nlogging: {level: loud}\n")
    with pytest.raises(ConfigError) as raised:
        load(file, REGISTRY)
    assert [problem.place.line for problem in raised.value.problems if problem.place] == [1, 7, 8, 9, 10]


def test_a_plugin_that_cannot_be_used_is_told_where_it_is_named() -> None:
    def load_it() -> object:
        raise ImportError("no module named 'smbus'")

    class NoMethod:
        """Not a source."""

    known = Registry(
        [Plugin("source", "broken", "a package", load_it), Plugin("source", "empty", "x", lambda: NoMethod)]
    )

    first, second = load_text("sources:\n  a: {type: broken}\n  b: {type: empty}\n", known, {}).problems
    assert told(first).startswith("2:13 the source type 'broken' from a package cannot be used: it cannot be imported")
    assert told(second) == "3:13 the source type 'empty' from x cannot be used: it lacks the method stream()"


def test_a_plugin_in_a_folder_of_ones_own_is_found(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "hall.py").write_text(
        "from gaugeway import Reading, source\n\n"
        "@source('hall')\ndef hall(*, room: int = 1):\n    '''A hall.'''\n    yield Reading('hall', 1.0)\n"
    )
    file = tmp_path / "gateway.yaml"
    file.write_text("plugins: mine\nsources:\n  h: {type: hall, room: 3}\n")
    found = load(file)
    assert found.pipelines[0].source.options == {"room": 3}
    assert found.plugin_folders == (tmp_path / "mine",)


def test_the_place_of_everything_in_the_plan_is_known() -> None:
    found = plan(source() + "stages: [smooth]\nsinks:\n  f: {type: file, path: a.jsonl}\n")
    uses: list[Use] = [found.pipelines[0].source, *found.pipelines[0].stages, *found.sinks]
    assert [(use.place.line, use.place.column) for use in uses if use.place] == [(2, 3), (6, 10), (8, 3)]


def test_tests_are_kept_as_they_are_written() -> None:
    text = "tests:\n  hot:\n    readings: [{sensor: t1, value: 91.0}]\n    expect: [raised]\n"
    assert plan(source() + text).tests == {"hot": {"readings": [{"sensor": "t1", "value": 91.0}], "expect": ["raised"]}}


def test_warnings_stop_nothing() -> None:
    found = report(source() + "sinks:\n  p: {type: phone, password: open}\n")
    assert found.plan is not None
    assert found.warnings

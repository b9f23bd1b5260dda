"""What comes from elsewhere: included files, secrets, variables; and that secrets are never shown."""

import os
from pathlib import Path

import pytest
from tests.config.kit import REGISTRY, problems, source, told

from gaugeway.config import load, load_report
from gaugeway.config.shown.resolved import resolved

PHONE = "sinks:\n  phone: {type: phone, password: %s}\n"


def written(folder: Path, **files: str) -> Path:
    """Write files and return the main one."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
        (folder / f"{name}.yaml").chmod(0o600)
    return folder / "main.yaml"


def test_included_parts_count_as_if_they_stood_here(tmp_path: Path) -> None:
    main = written(
        tmp_path,
        main="sources: !include bus.yaml\n",
        bus="bus: {type: port, port: /dev/null, sensors: !include sensors.yaml}\n",
        sensors="t1: {unit_id: 7}\n",
    )
    assert list(load(main, REGISTRY).pipelines[0].source.sensors.declared) == ["t1"]


def test_mistakes_in_all_files_are_told_together_each_in_its_file(tmp_path: Path) -> None:
    main = written(
        tmp_path,
        main="sources: !include bus.yaml\nflgas: {}\n",
        bus="bus:\n  type: port\n  port: /dev/null\n  boud: 60\n",
    )
    places = [problem.place for problem in load_report(main, REGISTRY).problems]
    assert [(Path(place.file).name, place.line) for place in places if place] == [("main.yaml", 2), ("bus.yaml", 4)]


@pytest.mark.parametrize(
    ("included", "said"),
    [
        ("bus.yaml", "does not exist"),
        ("main.yaml", "is included by itself"),
        ("empty.yaml", "says nothing"),
        ("pipe", "is a pipe"),
        ('"a\\0b"', "U+0000"),
    ],
)
def test_what_cannot_be_included_is_told_once_where_it_is_asked_for(tmp_path: Path, included: str, said: str) -> None:
    """A pipe is not waited for."""
    os.mkfifo(tmp_path / "pipe")
    main = written(tmp_path, main=f"sources: !include {included}\n", empty="# nothing\n")
    (found,) = load_report(main, REGISTRY).problems
    assert said in told(found)
    assert told(found).startswith("1:10")


@pytest.mark.parametrize(
    "sink",
    [
        "{type: phone, broker: 'mqtt://ann:hunter22@host', password: hunter22, bogus: 1}",
        "{type: phone, broker: 'mqtt://ann:hunter22@host', bogus: [}",
        "{type: phone, broker: 'mqqt://ann:hunter22@host', bogus: 1}",
        "{type: phone, broker: https://hooks.example/hunter22?k=hunter22, bogus: 1}",
    ],
)
def test_a_secret_in_the_open_is_covered_wherever_its_line_is_shown(tmp_path: Path, sink: str) -> None:
    """What is wrong is logged too, when a gateway starts or is reloaded; the caret stands where it stood."""
    report = load_report(written(tmp_path, main=source() + f"sinks:\n  phone: {sink}\n"), REGISTRY)
    shown = [str(problem) for problem in (*report.problems, *report.warnings)]
    assert "hunter22" not in "\n".join(shown)
    (line, below) = next(found for found in shown if "'bogus'" in found).splitlines()[1:]
    assert line.index("bogus") == below.index("^")


@pytest.mark.parametrize("value", ["hunter22: x", '"hunter22', "'hunter22", "hunter22: }", "[hunter22"])
def test_a_secret_on_a_line_that_is_no_yaml_is_covered_by_its_name(tmp_path: Path, value: str) -> None:
    """What stands behind `password` is one, whatever else is wrong with the line."""
    main = written(tmp_path, main=source() + f"sinks:\n  phone:\n    type: phone\n    password: {value}\n")
    shown = "\n".join(str(problem) for problem in load_report(main, REGISTRY).problems)
    assert "password: ***" in shown
    assert "hunter22" not in shown


def test_rules_may_stand_in_files_of_their_own(tmp_path: Path) -> None:
    rule = "%s: {sensor: t1, above: 90 °C}\n"
    main = written(tmp_path, main=source() + "alerts: [rules_*.yaml]\n", rules_a=rule % "a", rules_b=rule % "b")
    assert set(load(main, REGISTRY).rules) == {"a", "b"}
    written(tmp_path, rules_b=rule % "a")
    (found,) = load_report(main, REGISTRY).problems
    assert told(found) == f"1:1 two rules are called 'a' | the other is in {tmp_path}/rules_a.yaml, line 1"


def test_a_file_is_called_as_the_main_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that who stands elsewhere, and their editor, find it."""
    (tmp_path / "plant").mkdir()
    main = source() + "alerts: [rules.yaml]\nlogging: !include more.yaml\n"
    written(tmp_path / "plant", main=main, rules="a: {}\n", more="b: {}\n")
    monkeypatch.chdir(tmp_path)
    places = [problem.place for problem in load_report(Path("plant/main.yaml"), REGISTRY).problems]
    assert {place.file for place in places if place is not None} == {"plant/rules.yaml", "plant/more.yaml"}


def test_a_variable_is_filled_in_and_may_have_a_default() -> None:
    text = source("baud: ${BAUD}\nevery: ${EVERY:-5s}\nnames: ['$${x}', \"${BAUD}\"]")
    assert problems(text, environment={"BAUD": "1200"}) == []


def test_a_variable_that_is_not_set_is_told_once() -> None:
    text = source("baud: ${BUAD}")
    assert problems(text, environment={"BAUD": "1"}) == [
        "6:11 the environment has no variable BUAD | did you mean ${BAUD}?"
    ]
    assert problems(text) == ["6:11 the environment has no variable BUAD | set it, or give a default: ${BUAD:-…}"]


def test_a_wrong_value_from_a_variable_is_not_echoed() -> None:
    (found,) = problems(source("baud: ${BAUD}"), environment={"BAUD": "hunter2"})
    assert "hunter2" not in found
    assert "not '${BAUD}'" in found


def test_a_secret_comes_from_the_credentials_first_then_from_the_file(tmp_path: Path) -> None:
    main = written(tmp_path, main=source() + PHONE % "!secret phone", secrets="phone: from the file\n")
    assert load(main, REGISTRY, {}).sinks[0].options["password"] == "from the file"
    credentials = tmp_path / "given"
    credentials.mkdir()
    (credentials / "phone").write_text("from systemd\n")
    environment = {"CREDENTIALS_DIRECTORY": str(credentials)}
    assert load(main, REGISTRY, environment).sinks[0].options["password"] == "from systemd"


def test_a_missing_secret_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    main = written(tmp_path, main=source() + PHONE % "!secret phnoe", secrets="phone: x\n")
    (found,) = load_report(main, REGISTRY, {}).problems
    assert told(found) == "7:34 there is no secret 'phnoe' in secrets.yaml beside the file | did you mean 'phone'?"


def test_secrets_that_everybody_can_read_are_warned_of(tmp_path: Path) -> None:
    main = written(tmp_path, main=source() + PHONE % "!secret phone", secrets="phone: x\n")
    (tmp_path / "secrets.yaml").chmod(0o644)
    (warning,) = load_report(main, REGISTRY, {}).warnings
    assert "can be read by every user" in warning.message


@pytest.mark.parametrize(
    "secrets",
    [
        "phone: hunter22\nphone: again\n",
        "phone:hunter22\n",
        "- hunter22\n",
        "phone: 'hunter22\n",
        "phone: [hunter22]\n",
    ],
)
def test_a_mistake_in_the_secrets_does_not_show_them(tmp_path: Path, secrets: str) -> None:
    main = written(tmp_path, main=source() + PHONE % "!secret phone", secrets=secrets)
    found = load_report(main, REGISTRY, {}).problems
    assert found
    assert "hunter22" not in "\n".join(map(str, found))


def test_the_resolved_view_shows_values_and_origins_but_no_secret(tmp_path: Path) -> None:
    text = (
        source("baud: ${BAUD}") + "sinks:\n  phone: {type: phone, broker: 'mqtt://ann:hunter22@host',"
        " password: !secret phone}\n"
    )
    main = written(tmp_path, main=text, secrets="phone: hunter23\n")
    shown = resolved(main, REGISTRY, {"BAUD": "1234567"})
    assert not {"hunter22", "hunter23", "1234567"}.intersection(shown.replace("@", " ").replace(":", " ").split())
    lines = [line.split("#") for line in shown.splitlines()]
    origins = {line[0].strip(): line[1].strip() for line in lines if len(line) == 2}
    assert origins["port: /dev/null"] == f"{main}:4"
    assert origins["password: ***"] == f"{main}:8"
    assert origins["every: 1s"] == "default"


def test_the_resolved_view_shows_no_token_of_a_webhook(tmp_path: Path) -> None:
    """Neither the one in its address nor that in a header, which may stand there in the open."""
    hook = "{type: webhook, url: 'https://hooks.example/T01/hunter22?key=hunter23', headers: {Authorization: hunter24}}"
    shown = resolved(written(tmp_path, main=f"{source()}sinks:\n  hook: {hook}\n"), environment={})
    assert "url: https://hooks.example/***" in shown
    assert "hunter" not in shown

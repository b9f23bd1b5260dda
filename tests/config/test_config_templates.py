"""Many alike: templates, repetition, defaults, overrides."""

import pytest
from tests.config.kit import plan, problems, source

PUMPS = '{"pump{n:02}": {each: {n: 1..3}, unit_id: "{n}", label: "Pump {n}"}, pump02: {scale: 2}}'


def test_twenty_pumps_are_one_line() -> None:
    sensors = plan(source(sensors=PUMPS)).pipelines[0].source.sensors.declared
    assert list(sensors) == ["pump01", "pump02", "pump03"]
    assert [sensor.label for sensor in sensors.values()] == ["Pump 1", "Pump 2", "Pump 3"]
    assert [getattr(sensor, "unit_id") for sensor in sensors.values()] == [1, 2, 3]


def test_what_is_written_out_goes_over_what_was_repeated() -> None:
    sensors = plan(source(sensors=PUMPS)).pipelines[0].source.sensors.declared
    assert [getattr(sensor, "scale") for sensor in sensors.values()] == [1.0, 2.0, 1.0]
    other_way_round = '{pump02: {scale: 2}, "pump{n:02}": {each: {n: 1..3}, unit_id: "{n}"}}'
    assert getattr(plan(source(sensors=other_way_round)).pipelines[0].source.sensors.declared["pump02"], "scale") == 2


def test_several_values_go_together_one_by_one() -> None:
    sensors = '{"{name}": {each: {name: [in, out], id: 10..30 step 20}, unit_id: "{id}"}}'
    declared = plan(source(sensors=sensors)).pipelines[0].source.sensors.declared
    assert {name: getattr(sensor, "unit_id") for name, sensor in declared.items()} == {"in": 10, "out": 30}


@pytest.mark.parametrize(
    ("sensors", "said"),
    [
        (
            '{"p{n}": {each: {n: [1, 2], m: [1]}, unit_id: 1}}',
            "the values under 'each' go together one by one: n has 2, m has 1",
        ),
        ('{"p": {each: {n: 1..3}, unit_id: 1}}', "'p' comes more than once"),
        ('{"p{n}": {each: 3, unit_id: 1}}', "'each' must be a mapping of a name to its values"),
        ('{"p{n}": {each: {n: many}, unit_id: 1}}', "'n' must be a list of values or a range"),
        ('{"p{n}": {each: {n: 1..99999}, unit_id: 1}}', "'n' has 99999 values, and may have 1 to 10000"),
        ('{"p{m}": {each: {n: 1..2}, unit_id: 1}}', "comes more than once"),
    ],
)
def test_a_repetition_that_cannot_be_is_told_once(sensors: str, said: str) -> None:
    found = problems(source(sensors=sensors))
    assert said in found[0]


def test_a_template_fills_in_what_is_not_written() -> None:
    text = (
        "templates:\n  base: {type: port, baud: 1200}\n  fast: {like: base, every: 100ms}\n"
        "sources:\n  a: {like: fast, port: /dev/a}\n  b: {like: [fast], port: /dev/b, baud: 300}\n"
    )
    options = [pipeline.source.options for pipeline in plan(text).pipelines]
    assert [(one["baud"], one["every"]) for one in options] == [(1200, 0.1), (300, 0.1)]


def test_rules_repeat_too() -> None:
    text = source(sensors=PUMPS) + 'alerts:\n  "hot{n:02}": {each: {n: 1..3}, sensor: "pump{n:02}", above: 5}\n'
    assert {name: rule.sensor for name, rule in plan(text).rules.items()} == {
        "hot01": "pump01",
        "hot02": "pump02",
        "hot03": "pump03",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "templates:\n  base: {type: port}\nsources:\n  a: {like: bsae}\n",
            "4:13 there is no template called 'bsae' | did you mean 'base'?",
        ),
        (
            "templates:\n  a: {like: b}\n  b: {like: a}\nsources:\n  s: {like: a}\n",
            "3:13 the template 'a' is like itself",
        ),
        ("templates:\n  a: 5\nsources:\n  s: {like: a}\n", "2:6 the template 'a' has to be a mapping"),
    ],
)
def test_a_template_that_cannot_be_is_told_once(text: str, said: str) -> None:
    assert problems(text) == [said]


def test_all_sensors_of_a_kind_have_its_defaults() -> None:
    text = "defaults:\n  temperature: {unit: °C, range: [-40, 125]}\n" + source(
        sensors="{a: {kind: temperature, unit_id: 1}, b: {kind: temperature,"
        " unit_id: 2, range: [0, 9]}, c: {unit_id: 3}}"
    )
    declared = plan(text).pipelines[0].source.sensors.declared
    assert [(sensor.unit, sensor.range) for sensor in declared.values()] == [
        ("°C", (-40.0, 125.0)),
        ("°C", (0.0, 9.0)),
        ("", None),
    ]


def test_a_mistake_in_a_default_is_told_once_and_where_it_stands() -> None:
    text = "defaults:\n  temperature: {unit: °C, rnage: [-40, 125]}\n" + source(
        sensors="{a: {kind: temperature, unit_id: 1}, b: {kind: temperature, unit_id: 2}}"
    )
    assert problems(text) == ["2:27 unknown option 'rnage' of a sensor | did you mean 'range'?"]
    assert problems("defaults: {temprature: {}}\n" + source())[0].startswith("1:12 unknown option 'temprature'")

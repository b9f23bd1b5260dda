"""Stages against each other, the sensors and the flags."""

from collections.abc import Sequence as Row
from typing import Final, get_args

from gaugeway.config.checks.subject import Chained, Subject
from gaugeway.config.sections.chain import Stage
from gaugeway.config.sections.uses import chosen_sensors
from gaugeway.config.text.nearest import did_you_mean, listed, nearest
from gaugeway.config.text.nodes import Node, Sequence
from gaugeway.config.text.review import Review
from gaugeway.reading import OWN_RESULTS
from gaugeway.sensor import GLOB_CHARACTERS, Kind, Sensor, Sensors, chosen

KINDS: Final[tuple[str, ...]] = get_args(Kind)
Declared = Row[Sensors[Sensor]]


def check_chains(subject: Subject, review: Review) -> None:
    """Find what is wrong with each chain of stages, with what sinks select, and with the results rules look at."""
    for chained in subject.chains():
        sensors = [source.sensors for source in chained.sources]
        for at, stage in enumerate(chained.stages):
            if subject.census.complete:
                check_select(stage.found.node("select"), stage.use.select, sensors, review)
            _check_flag(stage, subject, review)
            _check_ticks(stage, chained.stages[at + 1 :], review)
            of = stage.found.options.get("of")
            if isinstance(of, str):
                _check_result(stage.found.node("of"), of, chained.stages[:at], review)
    everything = [source.sensors for source in subject.whole.sources]
    for sink in subject.whole.sinks:
        check_select(sink.given.node("select"), chosen_sensors(sink.given.keys), everything, review)
    _check_results_of_rules(subject, list(subject.chains()), review)


def check_select(node: Node, select: Row[str], sensors: Declared, review: Review) -> None:
    """Find choices that take in no sensor."""
    if any(not len(some) for some in sensors) or not sensors:
        return
    items = node.items if isinstance(node, Sequence) else [node]
    for choice, item in zip(select, items, strict=False):
        if not any(_fits(choice, name, sensor) for some in sensors for name, sensor in some.declared.items()):
            names = [name for some in sensors for name in some.names()]
            hint = f"no sensor is of the kind {choice}" if choice in KINDS else did_you_mean(choice, [*names, *KINDS])
            review.error(item, f"'select' takes in no sensor with '{choice}'", hint)


def _fits(choice: str, name: str, sensor: Sensor) -> bool:
    if chosen((choice,), name, sensor):
        return True
    return bool(GLOB_CHARACTERS.intersection(name)) and Sensors({name: sensor}).find(choice) is not None


def _check_flag(stage: Stage, subject: Subject, review: Review) -> None:
    flag = stage.use.flag
    if flag is not None and flag not in subject.whole.flags:
        hint = did_you_mean(flag, subject.whole.flags) or f"add it under 'flags': {flag}: true"
        review.error(stage.found.node("flag"), f"there is no flag '{flag}'", hint)


def _check_ticks(stage: Stage, after: Row[Stage], review: Review) -> None:
    """Find stages that would swallow what others wait for."""
    if stage.found.plugin.ticks in ("pass", "want"):
        return
    name = stage.found.plugin.name
    waiting = [other.use.id for other in after if other.found.plugin.ticks == "want"]
    declare = 'let its class say ticks = "pass" if it yields ticks on'
    if waiting:
        review.error(
            stage.found.at,
            f"'{name}' does not say that it lets ticks by, and {listed(waiting)} behind it needs them",
            f"move it behind, or {declare}",
        )
    elif stage.use.select:
        message = f"'{name}' does not say that it lets ticks by, so it cannot be selective"
        review.error(stage.found.node("select"), message, declare)


def _check_result(node: Node, result: str, before: Row[Stage], review: Review) -> None:
    """Find a result that is asked for and that no earlier stage leaves."""
    if result == "value" or any(_gives(stage, result) for stage in before):
        return
    known = {"value"}.union(*(_declared_results(stage) for stage in before), OWN_RESULTS)
    guess = nearest(result, known - {result})
    if guess:
        review.error(node, f"no stage gives a result called '{result}'", f"did you mean '{guess}'?")
    elif result in OWN_RESULTS or all(_tells_results(stage) for stage in before):
        review.error(
            node,
            f"no stage before gives '{result}'",
            "put one before that does",
        )
    else:
        review.warn(node, f"whether a stage before gives '{result}' cannot be told", "let its class say what it gives")


def _gives(stage: Stage, result: str) -> bool:
    """Tell whether a stage leaves a result: its class says so in `gives`, or it is named for it."""
    return result in _declared_results(stage) or (result in OWN_RESULTS and stage.use.type.startswith(result))


def _tells_results(stage: Stage) -> bool:
    """Tell whether it is known what a stage leaves: it is one of ours, or its class says it."""
    return stage.found.plugin.built_in or hasattr(stage.found.plugin.target, "gives")


def _declared_results(stage: Stage) -> tuple[str, ...]:
    said: tuple[str, ...] = getattr(stage.found.plugin.target, "gives", ())
    return said


def _check_results_of_rules(subject: Subject, chains: Row[Chained], review: Review) -> None:
    for written in subject.whole.alerts.values():
        if written is None or written.rule.of == "value":
            continue
        rule = written.rule
        watched = [chained for chained in chains if any(rule.watches(*one) for one in chained.sensors())]
        stages = [stage for chained in watched or chains for stage in chained.stages]
        _check_result(written.at("of"), rule.of, stages, review)

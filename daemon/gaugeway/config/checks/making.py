"""Every plugin is made once, for what its constructor has to say; constructors open nothing."""

import re

from gaugeway.config.chain import Found
from gaugeway.config.checks.subject import Subject
from gaugeway.config.entries import Given
from gaugeway.config.nodes import Node
from gaugeway.config.review import Review
from gaugeway.contain import Contained, in_words
from gaugeway.errors import ConfigError, PluginError
from gaugeway.sensor import Sensor, Sensors
from gaugeway.site import Site


def check_making(subject: Subject, review: Review) -> None:
    """Make all sources, stages and sinks, and note what they refuse."""
    everything: dict[str, Sensor] = {}
    for source in subject.whole.sources:
        everything |= source.given.sensors.declared
        if not subject.census.spoilt(source.given.node("sensors")):
            _make(source.given, _site(subject, source.given.sensors), review)
    for chained in subject.chains():
        for source in chained.sources[:1]:
            for stage in chained.stages:
                _make(stage.found, _site(subject, source.given.sensors), review)
    for sink in subject.whole.sinks:
        _make(sink.given, _site(subject, Sensors(everything)), review)


def _site(subject: Subject, sensors: Sensors[Sensor]) -> Site:
    return Site(
        node=subject.node,
        folder=subject.file.parent,
        storage=subject.storage,
        sensors=sensors,
        rules=subject.whole.rules,
        pipelines=tuple(source.given.id for source in subject.whole.sources),
    )


def _make(given: Given | Found, site: Site, review: Review) -> None:
    plugin, options = given.plugin, dict(given.options)
    with Contained() as fault:
        if plugin.wants_site:
            options["site"] = site
        if plugin.role == "source" and "sensors" in plugin.options:
            options["sensors"] = site.sensors
        plugin.make(**options)
    if isinstance(fault.error, ConfigError):
        for problem in fault.error.problems:
            review.error(_place(problem.message, given), problem.message, problem.hint)
    elif fault.error is not None:
        words = str(fault.error) if isinstance(fault.error, PluginError) else in_words(fault.error)
        review.error(given.node("type"), f"the {plugin.role} type '{plugin.name}' fails in its own code: {words}")


def _place(message: str, given: Given | Found) -> Node:
    """Return where the option stands that a message names; else where the plugin is named."""
    words = re.findall(r"[\w-]+", message)
    named = [word for word in words if word in given.plugin.options and given.written.get(word) is not None]
    return given.node(named[0]) if named else given.node("type")

"""Every plugin is made once, for what its constructor has to say; constructors open nothing."""

import re

from gaugeway.config.checks.subject import Subject
from gaugeway.config.sections.entries import Given
from gaugeway.config.sections.uses import Found, around
from gaugeway.config.text.nodes import Mapping, Node, Scalar, Sequence
from gaugeway.config.text.review import Review
from gaugeway.contain import Contained, in_words
from gaugeway.errors import ConfigError, PluginError
from gaugeway.sensor import Sensor, Sensors
from gaugeway.site import Site


def check_making(subject: Subject, review: Review, *, rules_are_well: bool) -> None:
    """Make all sources, stages and sinks, and the behaviours around them, and note what they refuse.

    What is handed sensors or rules is left out where those are not well: it would say the same once more.
    """
    everything: dict[str, Sensor] = {}
    for source in subject.whole.sources:
        everything |= source.sensors.declared
        if not subject.census.spoilt(source.given.node("sensors")):
            _make(source.given, _site(subject, source.sensors), subject, review)
    for chained in subject.chains():
        for source in chained.sources[:1]:
            for stage in chained.stages:
                _make(stage.found, _site(subject, source.sensors), subject, review)
    shared: dict[str, object] = {}
    for sink in subject.whole.sinks:
        if rules_are_well or not sink.given.plugin.wants_site:
            site = _site(subject, Sensors(everything), sink.given.id, shared)
            _make(sink.given, site, subject, review)


def _site(subject: Subject, sensors: Sensors[Sensor], name: str = "", shared: dict[str, object] | None = None) -> Site:
    return Site(
        node=subject.node,
        name=name,
        shared={} if shared is None else shared,
        folder=subject.file.parent,
        storage=subject.storage,
        sensors=sensors,
        rules=subject.whole.rules,
        pipelines=tuple(source.given.id for source in subject.whole.sources),
    )


def _make(given: Given | Found, site: Site, subject: Subject, review: Review) -> None:
    plugin, options = given.plugin, dict(given.options)
    with Contained() as fault:
        if plugin.wants_site:
            options["site"] = site
        if plugin.role == "source" and "sensors" in plugin.options:
            options["sensors"] = site.sensors
        plugin.make(**options)
    if isinstance(fault.error, ConfigError):
        for problem in fault.error.problems:
            review.error(_place(problem.message, given, subject), problem.message, problem.hint)
    elif fault.error is not None:
        words = str(fault.error) if isinstance(fault.error, PluginError) else in_words(fault.error)
        review.error(given.node("type"), f"the {plugin.role} type '{plugin.name}' fails in its own code: {words}")
    for behaviour in around(given.keys):
        _make(behaviour, site, subject, review)


def _place(message: str, given: Given | Found, subject: Subject) -> Node:
    """Return where that stands which a message names: an option, a rule, a word among the options."""
    words = re.findall(r"[\w-]+", message)
    named = [word for word in words if word in given.plugin.options and given.written.get(word) is not None]
    quoted = re.findall(r"['`]([^'`]+)['`]", message)
    within: Node = given.written.get(named[0]) or given.written if named else given.written
    told = next((found for word in quoted if (found := _saying(word, within)) is not None), None)
    rule = next((written for word in quoted if (written := subject.whole.alerts.get(word)) is not None), None)
    if told is not None or named:
        return told or within
    if rule is not None:
        return next((at for word in words if (at := rule.at(word)) is not rule.entry.key), rule.entry.key)
    return given.node("type")


def _saying(word: str, node: Node) -> Node | None:
    """Return the key or value within a node that says just this word."""
    if isinstance(node, Scalar):
        return node if node.value == word else None
    parts: list[Node] = []
    if isinstance(node, Mapping):
        parts = [part for entry in node for part in (entry.key, entry.value)]
    elif isinstance(node, Sequence):
        parts = node.items
    return next((found for part in parts if (found := _saying(word, part)) is not None), None)

"""What the alert sink refuses when it is made, and in which words."""

import re

import pytest

from gaugeway import ConfigError, Quantity, Rule, Sensor, Sensors, Site
from gaugeway.rule import Rate
from gaugeway_sinks.alert import ThresholdAlertSink


@pytest.mark.parametrize(
    ("site", "words"),
    [
        (Site(node="plant/1"), "the node's name 'plant/1'"),
        (Site(node="my plant"), "the node's name 'my plant'"),
        (Site(sensors=Sensors({"a+b": Sensor()})), "the sensor's name 'a+b'"),
        (Site(rules={"a/b": Rule(sensor="t", stale=60.0)}), "the rule's name 'a/b'"),
        (Site(rules={"a@b": Rule(sensor="t", stale=60.0)}), "the rule's name 'a@b'"),
        (Site(rules={"a": Rule(sensor="t")}), "alert 'a': say when to raise"),
        (Site(rules={"a": Rule(sensor="t", rate=Rate(Quantity(0), 60.0))}), "alert 'a', rate: has to be"),
    ],
)
def test_what_no_topic_can_hold_is_refused(site: Site, words: str) -> None:
    """In words, and before anything is opened."""
    with pytest.raises(ConfigError, match=re.escape(words)):
        ThresholdAlertSink(site=site)


@pytest.mark.parametrize("prefix", ["", "/gw", "gw/", "gw/+", "g w", "gw/#"])
def test_a_prefix_that_is_no_topic_is_refused(prefix: str) -> None:
    """It begins every topic."""
    with pytest.raises(ConfigError, match="the prefix"):
        ThresholdAlertSink(site=Site(node="plant1"), prefix=prefix)


def test_all_that_is_wrong_is_told_at_once() -> None:
    """One line each."""
    rules = {"a": Rule(sensor="t"), "b": Rule(above=Quantity(1))}
    with pytest.raises(ConfigError) as caught:
        ThresholdAlertSink(site=Site(node="plant/1", rules=rules))
    assert len(caught.value.problems) == 3

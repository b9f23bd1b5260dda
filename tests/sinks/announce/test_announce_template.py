"""Templates: gaps are filled, and a wrong one is found before anything happens."""

import pytest
from tests.sinks.announce.kit import Plant
from tests.sinks.announce.test_announcer import Wire

from gaugeway import ConfigError
from gaugeway_sinks.alarms.alarm.event import Event
from gaugeway_sinks.announce import Template


def an_event() -> Event:
    plant = Plant(Wire)
    plant.read(86.25)
    plant.deliver()
    return plant.sink.told[0]


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{sensor} {value:.1f} {unit}!", "t 86.2 °C!"),
        ("{{{node}}} {occurrence:03d} {severity:>10}", "{plant1} 001   critical"),
        ("<{cleared}>", "<>"),
        ("{sensor:.1f} {threshold:.0f}", "t 85"),
        ("no gap", "no gap"),
    ],
)
def test_gaps_are_filled(text: str, filled: str) -> None:
    """A form that does not fit is left away; what there is not is empty."""
    assert Template("body", text).fill(an_event()) == filled


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{sensr}", "'body': there is no {sensr}; there is .*sensor"),
        ("{labels.__class__}", "there is no {labels.__class__}"),
        ("{0}", "there is no {0}"),
        ("{message!r}", "{message} is formatted like {value:.1f}"),
        ("{value:{unit}}", "{value} is formatted like"),
        ("{value:zz}", "and not 'zz'"),
        ("{message:>99999999}", "and not '>99999999'"),
        ("{", "'body' cannot be read: .* written twice, as in {{"),
    ],
)
def test_a_wrong_gap_is_found_when_it_is_made(text: str, words: str) -> None:
    """In words that say what there is."""
    with pytest.raises(ConfigError, match=words):
        Template("body", text)

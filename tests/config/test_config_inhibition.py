"""Who silences whom can go wrong in two ways."""

from gaugeway import Rule
from gaugeway.config.checks.inhibition import entanglements


def test_rules_that_silence_each_other_in_a_circle_are_refused() -> None:
    """Both would be silent for ever; an unknown name is refused too."""
    rules = {
        "a": Rule(inhibited_by=("b",)),
        "b": Rule(inhibited_by=("c",)),
        "c": Rule(inhibited_by=("a",)),
        "d": Rule(inhibited_by=("nobody", "stale@t")),
        "e": Rule(inhibited_by=("e",)),
    }
    assert [(rule, key) for rule, (key, _) in entanglements(rules)] == [
        (rule, "inhibited_by") for rule in ("a", "b", "c", "d", "e")
    ]

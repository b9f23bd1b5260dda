"""Whatever the text, loading it ends with a plan or with problems that stand somewhere in it."""

import os
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.config.kit import REGISTRY

from gaugeway.config import Report, load_text
from gaugeway.config.text.nearest import distance, nearest
from gaugeway.registry import Registry

EXAMPLES: Final = int(os.environ.get("GAUGEWAY_FUZZ_EXAMPLES", "60"))
CONFIGS: Final = Path(__file__).parents[2] / "configs"
SAMPLES: Final = [(path, path.read_text(encoding="utf-8")) for path in sorted(CONFIGS.glob("*.yaml"))]
INSTALLED: Final = Registry.discover()
fuzz = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def is_sound(report: Report) -> None:
    """Hold what is said of a text against the text."""
    assert (report.plan is None) == bool(report.problems)
    for problem in (*report.problems, *report.warnings):
        assert problem.message
        assert str(problem)
        if problem.place is not None:
            assert problem.place.line >= 1
            assert problem.place.column >= 1
            assert problem.place.width >= 1
            assert problem.place.column <= len(problem.source_line) + 1


@fuzz
@given(st.text())
def test_no_text_crashes_the_loader(text: str) -> None:
    is_sound(load_text(text, REGISTRY, {}))


PIECES: Final = st.sampled_from(
    [
        "sources", "stages", "sinks", "alerts", "type", "port", "smooth", "file", ":", ": ", "\n", "\n  ", "\n    ",
        "- ", "{", "}", "[", "]", ", ", "'", '"', "*", "&a", "*a", "<<: *a", "!include x", "!secret x", "${X}", "#",
        "|", ">", "~", "1", "0x", "°C", "each", "like", "\t", "each: {n: 1..3}", "{n}", "?", "---", "...", "%", "@",
        "no", "1.10", "\r", "\u2028", "\ufeff", "\x85",
    ]
)  # fmt: skip


@fuzz
@given(st.lists(PIECES, max_size=40).map("".join))
def test_no_heap_of_pieces_crashes_the_loader(text: str) -> None:
    is_sound(load_text(text, REGISTRY, {}))


@pytest.mark.parametrize(("path", "sample"), SAMPLES, ids=[path.stem for path, _ in SAMPLES])
@fuzz
@given(st.data())
def test_no_slip_in_a_sample_crashes_the_loader(path: Path, sample: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(sample)))
    end = min(len(sample), start + data.draw(st.integers(0, 12)))
    new = data.draw(st.one_of(PIECES, st.text(max_size=4), st.just("")))
    is_sound(load_text(sample[:start] + new + sample[end:], INSTALLED, {}, name=path.name, folder=path.parent))


@fuzz
@given(st.text(max_size=12), st.text(max_size=12))
def test_the_distance_between_words_is_one(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one) <= max(len(one), len(other))
    assert (distance(one, other) == 0) == (one == other)


@fuzz
@given(st.sampled_from(["sensors", "checkpoint_every", "inhibited_by", "baud"]), st.data())
def test_one_slip_of_the_fingers_is_seen_through(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(word) - 1))
    letter = data.draw(st.sampled_from("abcxyz"))
    slip = data.draw(st.sampled_from([word[:at] + word[at + 1 :], word[:at] + letter + word[at:]]))
    assert nearest(slip, ["port", "sensors", "checkpoint_every", "inhibited_by", "baud", "stages"]) == word

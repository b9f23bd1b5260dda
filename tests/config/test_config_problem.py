"""How a problem reads."""

from gaugeway.errors import ConfigError, Place, Problem


def test_a_problem_shows_the_line_and_points_at_the_text() -> None:
    problem = Problem(
        "unknown option 'boud'", Place("configs/boiler.yaml", 7, 5, 4), "did you mean 'baud'?", "    boud: 9600"
    )
    assert str(problem) == (
        "configs/boiler.yaml:7:5: unknown option 'boud'\n    7 |     boud: 9600\n      |     ^^^^ did you mean 'baud'?"
    )


def test_the_caret_stands_below_its_text_behind_a_tab() -> None:
    shown = str(Problem("x", Place("f", 1, 3, 1), "", "\ta: b")).splitlines()
    assert shown[2] == "      | \t ^"


def test_of_a_long_line_the_part_is_shown_that_it_is_about() -> None:
    line = "a" * 300 + "HERE" + "b" * 300
    _, text, caret = str(Problem("x", Place("f", 1, 301, 4), "", line)).splitlines()
    assert len(text) < 200
    assert text[caret.index("^") : caret.index("^") + 4] == "HERE"
    assert caret.count("^") == 4


def test_a_problem_without_a_place_is_its_sentence() -> None:
    assert str(Problem("there is nothing", hint="write something")) == "there is nothing\n    write something"
    assert str(ConfigError("say what to do")) == "say what to do"

"""YAML itself: what breaks it is explained where it stands, its traps are closed, and everything has a place."""

from pathlib import Path

import pytest
from tests.config.kit import REGISTRY, option, plan, problems, report, source, told

from gaugeway.config import load_report
from gaugeway.config.text.compose import compose
from gaugeway.config.text.nodes import Mapping, Scalar, Sequence
from gaugeway.config.text.review import Review
from gaugeway.config.text.text import LARGEST, Text


def composed(text: str) -> tuple[object, list[str]]:
    """Return what a text says, and what is wrong with it."""
    review = Review(Path())
    node = compose(Text("x.yaml", text), review, lambda scalar: scalar)
    return node, [told(problem) for problem in review.problems]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a:\n  b:1\n  c: 2\n", "2:4 a blank is missing after the colon | did you mean 'b: 1'?"),
        ("a:\n\tb: 1\n", "2:1 a tab stands where YAML wants blanks | indent with blanks only"),
        ('a: "b\nc: 1\n', '1:4 this quote is not closed | close it with "'),
        ("a: 'b\nc: 1\nd: it's\n", "1:4 this quote is not closed | close it with '"),
        ("a: {b: 1\nc: 2\n", "1:4 this { is not closed | close it with }"),
        ("a: [1, 2\n", "1:4 this [ is not closed | close it with ]"),
        ("a: {b: 1}}\n", "1:10 this } closes nothing | remove it"),
        ("a:\n  *: {x: 1}\n", '2:3 a text that begins with * needs quotes | write "*"'),
        ("a: @x\n", '1:4 a text that begins with @ needs quotes | write "@x"'),
        ("a: b: c\n", "1:4 a text with ': ' in it needs quotes | write 'b: c'"),
        ("a: {b} is hot\n", "1:4 a text that begins with { needs quotes | write '{b} is hot'"),
        (
            "a:\n  b  # why\n  - c\n",
            "2:3 a dash is missing in front of this item of the list | did you mean '- b'?",
        ),
        ("a:\n  b: 1\n  c 2\n  d: 3\n", "3:4 a colon is missing after the key | did you mean 'c: 2'?"),
        (
            "a:\n   b: 1\n  c: 1\n  d: 1\n",
            "2:4 this line is not indented like its neighbours | did you mean 2 blanks in front of it, not 3?",
        ),
        (
            "a:\n  b: 1\n    c: 1\n  d: 1\n",
            "3:5 this line is not indented like its neighbours | did you mean 2 blanks in front of it, not 4?",
        ),
        (
            "a:\n  b: 1\n  c: 1\n d: 1\n  e: 1\n",
            "4:2 this line is not indented like its neighbours | did you mean 2 blanks in front of it, not 1?",
        ),
        ("a: - b\n", "1:4 a list with dashes begins in a line of its own | put it into the next line, or write [a, b]"),
        ('a: "\\d"\n', "1:5 a backslash means something else in double quotes | use single quotes"),
        (
            "a:\n\u00a0 b: 1\n",
            "2:1 a blank of another kind (U+00A0), as copied texts have them, stands here"
            " | indent with ordinary blanks",
        ),
        ("a:\n\tb:\n\t\tc: 1\n", "2:1 a tab stands where YAML wants blanks | indent with blanks only"),
        ("a: 1\n---\nb: 1\n", "2:1 a second document begins here | a configuration is one document: remove the '---'"),
        ("a: 1\nb: 2\na: 3\n", "3:1 'a' is given twice; it stands in line 1 already | keep one of the two"),
        ("[a]: 1\n", "1:1 a key has to be a text | put it in quotes if it is meant as a text"),
        ("a: *base\n", "1:4 the anchor 'base' is not defined above"),
        ("a: &base 1\nb: *bsae\n", "2:4 the anchor 'bsae' is not defined above | did you mean 'base'?"),
        ("a: &a [*a]\n", "1:8 the anchor 'a' contains itself"),
        ("a: !incldue x\n", "1:4 the tag '!incldue' means nothing here | did you mean '!include'?"),
        (
            "a: !!python/object:os.system x\n",
            "1:4 the tag '!!python/object:os.system' means nothing here | there is !include and !secret",
        ),
    ],
)
def test_a_broken_text_is_explained_where_the_slip_is(text: str, said: str) -> None:
    assert composed(text)[1] == [said]


def test_what_stands_behind_a_broken_line_is_still_checked() -> None:
    found = problems(source("baud: 9600\nevery:10s\nboud: 1") + "flags: {x: maybe}\n")
    assert [one.partition(" ")[0] for one in found] == ["7:10", "8:5", "9:12"]


@pytest.mark.parametrize("line", ["  t2: {unit_id: 2}", "        t2: {unit_id: 2}"])
def test_of_two_lines_that_could_have_slipped_the_one_is_blamed_after_whose_repair_the_least_is_wrong(
    line: str,
) -> None:
    text = (
        "sources:\n  bus:\n    type: port\n    port: /dev/null\n    sensors:\n      t1: {unit_id: 1}\n"
        f"{line}\n      t3: {{unit_id: 3}}\n"
    )
    (found,) = problems(text)
    assert found.startswith("7:")


def test_a_key_that_belongs_under_the_empty_one_above_is_told_so() -> None:
    text = "sources:\nbus:\n  type: port\n  port: /dev/null\n"
    assert problems(text) == ["2:1 'bus' stands beside 'sources' | indent it to put it under it"]


def test_a_key_of_the_file_among_the_sources_is_told_where_it_belongs() -> None:
    assert problems(source() + "  stages:\n    - smooth\n") == [
        "6:3 'stages' is a key of the file, and stands here as a source | begin it in the first column"
    ]


def test_everything_knows_its_place() -> None:
    node, _ = composed("a: {b: [1, xyz]}\nc:\n  d: äö\n")
    assert isinstance(node, Mapping)
    table, nested = node.get("a"), node.get("c")
    assert isinstance(table, Mapping)
    row = table.get("b")
    assert isinstance(row, Sequence)
    assert [(row.line, row.column, row.width), (row.items[1].column, row.items[1].width)] == [(0, 7, 8), (11, 3)]
    assert isinstance(nested, Mapping)
    leaf = nested.get("d")
    assert isinstance(leaf, Scalar)
    assert (leaf.line, leaf.column, leaf.width, leaf.value) == (2, 5, 2, "äö")


def test_a_mistake_in_an_anchored_part_stands_where_the_text_stands_and_comes_once() -> None:
    text = (
        "templates:\n  one: &one {type: port, port: /dev/null, boud: 60}\n"
        "sources:\n  a: {<<: *one, port: /dev/a}\n  b: {<<: *one, port: /dev/b}\n"
    )
    assert problems(text) == ["2:43 unknown option 'boud' for source type 'port' | did you mean 'baud'?"]


def test_keys_written_out_go_over_merged_ones() -> None:
    text = "x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\n"
    node, _ = composed(text)
    assert isinstance(node, Mapping)
    merged = node.get("y")
    assert isinstance(merged, Mapping)
    assert {entry.key.value: entry.value.value for entry in merged if isinstance(entry.value, Scalar)} == {
        "a": "1",
        "b": "3",
    }


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (found,) = composed("\n".join(lines))[1]
    assert "aliases counted" in found


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "{a: " * 50_000, "- " * 5_000 + "x", "a:\n" + "".join(" " * n + "a:\n" for n in range(1, 200))],
)
def test_depth_is_bounded(text: str) -> None:
    (found,) = composed(text)[1]
    assert "nested more than" in found


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("sources: {}".encode("utf-16"), "is written in UTF-16 and has to be UTF-8"),
        ("sources: {}".encode("utf-16-le"), "is written in UTF-16 and has to be UTF-8"),
        (b"a: 1\nnode: K\xf6ln\n", "is not UTF-8: the byte F6 is 'ö' in an old encoding"),
        (b"a: 1\nb: \x00\n", "the character U+0000 is invisible and not allowed here"),
        (b"#" * (LARGEST + 1), "is larger than 4 MB"),
        (b"", "says nothing"),
        (b"# only a comment\n", "says nothing"),
        (b"just a text\n", "a configuration begins with keys such as 'sources:'"),
    ],
)
def test_what_is_no_text_of_ours_is_refused_with_the_reason(tmp_path: Path, data: bytes, said: str) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_bytes(data)
    (found,) = load_report(file, REGISTRY).problems
    assert said in found.message


def test_a_wrong_byte_is_shown_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_bytes(b"a: 1\nnode: K\xf6ln\n")
    (found,) = load_report(file, REGISTRY).problems
    assert found.place is not None
    assert (found.place.line, found.place.column, found.source_line) == (2, 8, "node: Köln")


def test_a_flood_of_mistakes_is_cut_short(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text("".join(f"x{number}: 1\n" for number in range(50_000)))
    found = load_report(file, REGISTRY).problems
    assert len(found) == 201
    assert found[-1].message.startswith("and 49801 more")


@pytest.mark.parametrize("before", ["\ufeff", ""])
def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path, before: str) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_bytes((before + source("baud: 1200")).replace("\n", "\r\n").encode())
    found = load_report(file, REGISTRY)
    assert found.problems == ()
    file.write_bytes((before + source("boud: 1200")).replace("\n", "\r\n").encode())
    assert told(load_report(file, REGISTRY).problems[0]).startswith("6:5 unknown option 'boud'")


def test_a_missing_file_or_a_folder_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / "plant.yml").write_text(source())
    (missing,) = load_report(tmp_path / "plant.yaml", REGISTRY).problems
    assert "does not exist" in missing.message
    assert "did you mean" in missing.hint
    (folder,) = load_report(tmp_path, REGISTRY).problems
    assert "is a folder" in folder.message


def test_words_that_yaml_takes_for_something_else_are_texts_where_they_are_names() -> None:
    found = plan(source(sensors="{no: {unit_id: 1}, '12': {unit_id: 2}, 1.10: {unit_id: 3}}"))
    assert list(found.pipelines[0].source.sensors.declared) == ["no", "12", "1.10"]


def test_a_value_that_a_hash_turned_into_a_comment_is_told_so() -> None:
    assert problems(source("baud: #1")) == [
        "6:5 'baud' must be a whole number from 50 to 4000000, not empty"
        " | what follows a # is a comment: put the value in quotes if the # belongs to it"
    ]


def test_a_choice_takes_its_words_as_they_are_written() -> None:
    assert report(source("parity: none")).problems == ()
    assert option("names", '["on", "1.10"]') == ["on", "1.10"]

"""Paths into JSON documents."""

import pytest

from gaugeway import ConfigError
from gaugeway_drivers.decode.json_path import MISSING, json_path

DOCUMENT: object = {"a": {"b": [{"c": 1}, {"c": 2}]}, "t": 0, "n": None, "x.y": 5, "k[0]": 6}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("t", 0),
        ("n", None),
        ("a.b[0].c", 1),
        ("a.b[-1].c", 2),
        ('["x.y"]', 5),
        ('["k[0]"]', 6),
        ('a["b"][1]["c"]', 2),
    ],
)
def test_a_path_finds_what_stands_there(path: str, found: object) -> None:
    assert json_path(path)(DOCUMENT) == found


@pytest.mark.parametrize("path", ["z", "t.z", "a.b[2].c", "a.b[-3]", "a[0]", "a.b.c", "n.z"])
def test_a_place_that_is_not_there_is_missing_and_no_error(path: str) -> None:
    assert json_path(path)(DOCUMENT) is MISSING


@pytest.mark.parametrize("document", [None, 3, "text", [], [1, 2]])
def test_a_document_of_another_shape_has_no_such_place(document: object) -> None:
    assert json_path("t")(document) is MISSING
    assert json_path("a.b")(document) is MISSING


def test_a_path_may_begin_with_an_index() -> None:
    assert json_path("[1].c")([0, {"c": 3}]) == 3


@pytest.mark.parametrize("path", ["", ".", "a.", "a..b", "a[", "a[x]", "a[]", ".a", "a[0]b"])
def test_a_path_that_cannot_be_read_is_a_configuration_error(path: str) -> None:
    with pytest.raises(ConfigError, match="cannot read the JSON path"):
        json_path(path)

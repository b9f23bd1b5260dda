"""What is known of a sensor is found by its name first, then by the globs in their order."""

import msgspec
import pytest

from gaugeway import Kind, Sensor, Sensors, chosen


class Register(Sensor, frozen=True, kw_only=True):
    """A sensor as a driver extends it."""

    address: int


def test_a_name_goes_before_a_glob() -> None:
    """Also where the glob is written first, and fits."""
    table = Sensors({"tank*": Sensor(label="some"), "tank7": Sensor(label="this")})
    assert [found.label for name in ("tank7", "tank8") if (found := table.find(name))] == ["this", "some"]
    assert table.find("boiler") is None


def test_the_first_glob_that_fits_is_taken() -> None:
    """Their order is that of the configuration."""
    table = Sensors(
        {"a?": Sensor(label="1"), "a*": Sensor(label="2"), "[xy]": Sensor(label="3"), "*": Sensor(label="4")}
    )
    assert [found.label for name in ("ab", "abc", "x", "z", "a") if (found := table.find(name))] == [
        "1",
        "2",
        "3",
        "4",
        "2",
    ]


def test_globs_mind_case() -> None:
    """Names are what devices call themselves, on every operating system."""
    assert Sensors({"Tank*": Sensor()}).find("tank1") is None


def test_names_are_those_that_are_written_out() -> None:
    """Globs are no sensors yet."""
    table = Sensors({"a": Sensor(), "b*": Sensor(), "c?": Sensor(), "d[1]": Sensor(), "e": Sensor()})
    assert list(table.names()) == ["a", "e"]
    assert len(table) == 5
    assert len(Sensors[Sensor]({})) == 0


def test_tables_are_equal_when_what_they_declare_is() -> None:
    """A reload asks whether anything has changed."""
    table = Sensors({"a": Sensor(unit="°C"), "b*": Sensor()})
    assert table == Sensors({"a": Sensor(unit="°C"), "b*": Sensor()})
    assert table != Sensors({"a": Sensor(unit="K"), "b*": Sensor()})
    assert table != Sensors({"a": Sensor(unit="°C")})
    assert table != {"a": Sensor(unit="°C"), "b*": Sensor()}
    assert hash(table) == hash(Sensors({"a": Sensor(unit="K"), "b*": Sensor()}))


def test_a_driver_adds_what_it_has_to_know() -> None:
    """As fields of its own, beside those that every sensor has; nothing can be changed later."""
    table = Sensors({"t": Register(address=7, unit="°C", kind="temperature")})
    found = table.find("t")
    assert found is not None
    assert (found.address, found.unit, found.kind, found.range) == (7, "°C", "temperature", None)
    with pytest.raises(AttributeError):
        setattr(found, "address", 8)  # noqa: B010  (what a type checker would not let pass)
    with pytest.raises(msgspec.ValidationError, match="address"):
        msgspec.convert({"unit": "°C"}, Register)


@pytest.mark.parametrize(
    ("select", "name", "kind", "taken"),
    [
        ((), "x", "flow", True),
        (("x",), "x", "flow", True), (("x",), "xy", "flow", False), (("x*",), "xy", "flow", True),
        (("flow",), "x", "flow", True), (("flow",), "x", "pressure", False), (("a", "pressure"), "x", "pressure", True),
        (("flow",), "flow", "any", True), (("any",), "x", "any", True), (("temperature",), "x", None, False),
        (("any",), "x", None, True),
    ],
)  # fmt: skip
def test_select_takes_ids_globs_and_kinds(select: tuple[str, ...], name: str, kind: Kind | None, taken: bool) -> None:
    """Nothing selects everything; a sensor that nobody declared is of any kind."""
    assert chosen(select, name, None if kind is None else Sensor(kind=kind)) is taken

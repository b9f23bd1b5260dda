"""Plugins of every kind of option, and short ways to ask what is wrong with a text."""

import re
from collections.abc import Iterator
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from gaugeway import (
    Address,
    ConfigError,
    Duration,
    FilePath,
    Meta,
    Quantity,
    Reading,
    Secret,
    Sensor,
    Sensors,
    Site,
    Size,
    Tick,
)
from gaugeway.card import Role
from gaugeway.config import Report, load_text
from gaugeway.errors import Problem
from gaugeway.plan import Plan
from gaugeway.plugin import Plugin
from gaugeway.registry import Registry


class Lines(msgspec.Struct, frozen=True, kw_only=True, tag="lines", tag_field="type"):
    """Lines of text."""

    pattern: str
    flags: list[str] = []


class Table(msgspec.Struct, frozen=True, kw_only=True, tag="table", tag_field="type"):
    """Columns."""

    columns: dict[str, int]
    separator: str = ","


class Parity(Enum):
    """A parity bit."""

    NONE = "none"
    EVEN = "even"


class BusSensor(Sensor, frozen=True, kw_only=True):
    """A sensor on a bus."""

    unit_id: Annotated[int, Meta(ge=1, le=247)]
    scale: float = 1.0


class Port:
    """A source with an option of every kind."""

    ticks = True

    def __init__(
        self,
        *,
        port: Annotated[FilePath, Meta(description="The port.", examples=["/dev/ttyUSB0"])],
        sensors: Sensors[BusSensor],
        baud: Annotated[int, Meta(ge=50, le=4_000_000)] = 9600,
        parity: Parity = Parity.NONE,
        every: Annotated[Duration, Meta(gt=0)] = 1.0,
        buffer: Size = 1024,
        format: Lines | Table | None = None,
        match: re.Pattern[str] | None = None,
        last: int | Duration = 10,
        ratio: float = 1.0,
        echo: bool = False,
        bits: Literal[7, 8] = 8,
        names: list[str] | None = None,
        pair: tuple[int, float] | None = None,
        weights: dict[str, float] | None = None,
    ) -> None:
        if baud == 666:
            raise ConfigError("'baud' 666 is not to be trusted")
        if baud == 667:
            raise RuntimeError("a bug")

    def stream(self) -> Iterator[Tick]:
        """Yield nothing."""
        yield Tick()


class Broker:
    """A source of messages."""

    def __init__(
        self, *, broker: Address, topic: str | list[str], sensors: Sensors[Sensor], password: Secret | None = None
    ) -> None:
        pass

    def stream(self) -> Iterator[Tick]:
        """Yield nothing."""
        yield Tick()


class Smooth:
    """A stage that lets ticks by."""

    ticks = "pass"
    gives: tuple[str, ...] = ("average",)

    def __init__(self, *, last: int | Duration = 10, of: str = "value", by: Quantity | None = None) -> None:
        pass

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        """Yield all."""
        return stream


class Timer(Smooth):
    """A stage that wants ticks."""

    ticks = "want"
    gives: tuple[str, ...] = ()


class Blind:
    """A stage that knows no ticks."""

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        """Yield all."""
        return stream


def plain(reading: Reading) -> Reading:
    """Pass a reading on."""
    return reading


class File:
    """A sink to a file."""

    def __init__(self, *, path: FilePath, keep: Size | None = None) -> None:
        pass

    def consume(self, stream: list[Reading]) -> None:
        """Take all."""


class Phone:
    """A sink to a broker."""

    def __init__(self, *, broker: Address = "mqtt://localhost", password: Secret | None = None, site: Site) -> None:
        self.rules = site.rules

    def consume(self, stream: list[Reading]) -> None:
        """Take all."""


class Watched:
    """A behaviour."""

    def __init__(self, *, every: Duration = 60.0) -> None:
        if every == 666:
            raise ConfigError("'every' 666 is not to be trusted")

    def wrap(self, plugin: object, name: str) -> object:
        """Return the plugin."""
        return plugin


PLUGINS: dict[Role, dict[str, object]] = {
    "source": {"port": Port, "broker": Broker},
    "stage": {"smooth": Smooth, "timer": Timer, "blind": Blind, "plain": plain},
    "sink": {"file": File, "phone": Phone},
    "behaviour": {"watched": Watched},
}


def registry() -> Registry:
    """Return the plugins above."""
    return Registry(
        Plugin(role, name, "package gaugeway", partial(named.__getitem__, name))
        for role, named in PLUGINS.items()
        for name in named
    )


REGISTRY = registry()


def report(text: str, folder: Path | None = None, environment: dict[str, str] | None = None) -> Report:
    """Return what loading a text finds."""
    return load_text(text, REGISTRY, environment or {}, folder=folder)


def problems(text: str, folder: Path | None = None, environment: dict[str, str] | None = None) -> list[str]:
    """Return the problems as `line:column message | hint`."""
    return [told(problem) for problem in report(text, folder, environment).problems]


def told(problem: Problem) -> str:
    """Return a problem in one line."""
    at = problem.place
    where = f"{at.line}:{at.column} " if at else ""
    return f"{where}{problem.message}" + (f" | {problem.hint}" if problem.hint else "")


def plan(text: str, folder: Path | None = None, environment: dict[str, str] | None = None) -> Plan:
    """Return the plan of a text in which nothing is wrong."""
    found = report(text, folder, environment)
    assert [told(problem) for problem in found.problems] == []
    assert found.plan is not None
    return found.plan


def source(options: str = "", sensors: str = "{t1: {kind: temperature, unit: °C, range: [0, 100], unit_id: 1}}") -> str:
    """Return a text with one source on a port; `options` are further lines of it."""
    lines = "".join(f"    {line}\n" for line in options.splitlines())
    return f"sources:\n  bus:\n    type: port\n    port: /dev/null\n    sensors: {sensors}\n{lines}"


def option(name: str, text: str) -> object:
    """Return what an option of the source becomes when `text` is written."""
    return plan(source(f"{name}: {text}")).pipelines[0].source.options[name]


def fault(name: str, text: str) -> str:
    """Return the one thing that is wrong when `text` is written for an option, without its place."""
    (found,) = report(source(f"{name}: {text}")).problems
    at = found.place
    assert at is not None
    assert at.line == 6
    return found.message + (f" | {found.hint}" if found.hint else "")

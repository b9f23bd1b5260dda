"""Plugins are found where they are, none is imported before it is wanted, and a broken one stops no other."""

import os
import subprocess
import sys
import threading
from importlib import metadata
from pathlib import Path
from textwrap import dedent
from typing import get_args

import pytest

from gaugeway import Meta, PluginError, Reading
from gaugeway.discovery import GROUPS, drop_ins, installed
from gaugeway.engine.build import Builder
from gaugeway.plan import PipelinePlan, Plan, SinkUse, SourceUse, StageUse, Storage
from gaugeway.plugin import Plugin, Refusal
from gaugeway.registry import Registry

DRIVER = """
    from gaugeway import Reading

    class Countdown:
        \"\"\"Counts down from a number.\"\"\"

        def __init__(self, *, start: int):
            self.start = start

        def stream(self):
            for number in range(self.start, 0, -1):
                yield Reading("countdown", number)
"""
STAGE = """
    def doubled(reading, *, times: int = 1):
        for _ in range(times):
            reading.value *= 2
        return reading if reading.value != 4 else reading.drop("unlucky")
"""
SINK = """
    class Notebook:
        def __init__(self, *, path: str):
            self.path = path

        def consume(self, batch):
            with open(self.path, "a") as file:
                file.writelines(f"{reading.sensor} {reading.value}\\n" for reading in batch)
"""


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(dedent(text))
    return folder


def found(folder: Path) -> list[tuple[str, str]]:
    return [(one.role, one.name) for one in drop_ins(folder) if isinstance(one, Plugin)]


def refused(folder: Path) -> list[str]:
    """Return why the files of a folder give no plugin, or one that cannot be used."""
    registry = Registry()
    for one in drop_ins(folder):
        if isinstance(one, Plugin):
            registry.add(one)
        else:
            registry.refusals.append(one)
    registry.usable()
    return [str(refusal).replace(str(folder), "DIR") for refusal in registry.refusals]


def from_metadata() -> dict[tuple[str, str], str]:
    """Return what importlib.metadata says: role and name of each entry point, and what it points to."""
    return {
        (role, point.name): point.value
        for group, role in GROUPS.items()
        for point in metadata.entry_points(group=group)
    }


def test_what_is_installed_is_found_as_importlib_finds_it() -> None:
    """The same names, without its cost."""
    assert {(one.role, one.name) for one in installed()} == set(from_metadata())


def test_odd_packages_are_read_as_importlib_reads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comments, extras, other groups, dashes in names, eggs, twice the same package, broken files."""
    packages = {
        "first/my_pkg-1.0.dist-info": b"# a comment = here\n[console_scripts]\nx = y:z\n\n[gaugeway.sources]\n"
        b"# old = mod:Old\nspi = my_pkg.spi:Spi\n  adc=my_pkg.adc : Adc [hw]\n[gaugeway.other]\nno = a:b\n",
        "first/old.pkg-2.egg-info": b"[gaugeway.sinks]\nteletype = old.pkg:Teletype.Inner\n",
        "second/My.Pkg-0.9.dist-info": b"[gaugeway.sources]\nshadowed = my_pkg:Shadowed\n",
        "second/latin-1.dist-info": b"[gaugeway.sinks]\n\xe9 = a:b\n",
        "second/empty-1.dist-info": b"",
    }
    for name, text in packages.items():
        folder = tmp_path / name
        folder.mkdir(parents=True)
        version = folder.name.partition("-")[2].rpartition(".")[0]
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {folder.name.partition('-')[0]}\nVersion: {version}\n"
        )
        (folder / "PKG-INFO").write_text((folder / "METADATA").read_text())
        (folder / "entry_points.txt").write_bytes(text)
    (tmp_path / "second" / "bare-1.dist-info").mkdir()
    (tmp_path / "second" / "file-1.dist-info").write_text("no folder")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "first"), str(tmp_path / "second"), str(tmp_path / "none")])
    names = {(one.role, one.name) for one in installed()}
    assert names == {("source", "spi"), ("source", "adc"), ("sink", "teletype")}
    (tmp_path / "second" / "latin-1.dist-info" / "entry_points.txt").unlink()
    assert names == set(from_metadata())


def test_an_entry_point_leads_to_its_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through dots inside a module, with spaces and extras around."""
    write(tmp_path, found_by_entry="class Outer:\n    class Inner:\n        def consume(self, batch): ...\n")
    info = tmp_path / "pkg-1.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text(
        "[gaugeway.sinks]\ngood = found_by_entry : Outer.Inner [x]\nbad = found_by_entry:Missing\nworse = nowhere:X\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    plugins = {one.name: one for one in installed() if one.origin == "package pkg"}
    assert getattr(plugins["good"].target, "__qualname__") == "Outer.Inner"
    for name, reason in {"bad": "AttributeError.*Missing", "worse": "No module named 'nowhere'"}.items():
        with pytest.raises(PluginError, match=f"cannot be imported: .*{reason}"):
            plugins[name].check()


def test_the_gateways_own_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody takes the name of a built-in by sorting before it."""
    info = tmp_path / "aaa-1.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[gaugeway.sources]\nserial = aaa:Serial\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    registry = Registry.discover()
    serial = registry.find("source", "serial")
    assert serial is not None
    assert serial.origin == "package gaugeway"
    assert [str(one) for one in registry.refusals] == [
        "source 'serial' (package aaa): the name is taken by the one from package gaugeway"
    ]


def test_names_import_nothing() -> None:
    """Asking what there is costs no driver, and not even importlib.metadata."""
    program = """
        import sys
        from gaugeway.registry import Registry
        names = Registry.discover().names("source")
        assert "serial" in names and "mqtt" in names, names
        heavy = {"paho", "serial", "sqlite3", "importlib.metadata", "gaugeway_drivers", "gaugeway_stages",
                 "gaugeway_sinks", "asyncio"}
        print(" ".join(sorted(heavy & set(sys.modules))))
    """
    run = subprocess.run([sys.executable, "-c", dedent(program)], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_a_drop_in_is_known_by_its_shape(tmp_path: Path) -> None:
    """A class with the method, or a function whose first argument is `reading`; names become snake case."""
    folder = write(
        tmp_path / "plugins",
        a_driver=DRIVER,
        b_stage=STAGE,
        c_sink=SINK,
        d_names="""
            import math
            from gaugeway import Reading, ReadingStage, Source
            class MyFlowMeter:
                def stream(self): yield Reading("a", 1.0)
            class Rounds(ReadingStage):
                def process(self, reading): return reading
            class _Hidden:
                def stream(self): yield Reading("a", 1.0)
            class Conversion: ...
            def rounded(value): return value
            def _reading(reading): return reading
            alias = MyFlowMeter
        """,
    )
    assert found(folder) == [
        ("source", "countdown"),
        ("stage", "doubled"),
        ("sink", "notebook"),
        ("source", "my_flow_meter"),
        ("stage", "rounds"),
    ]
    assert refused(folder) == []


def test_a_drop_in_may_register_itself(tmp_path: Path) -> None:
    """With a decorator anything has the role and the name it says: generator functions, batch functions, classes."""
    folder = write(
        tmp_path / "plugins",
        mine="""
            from gaugeway import Reading, behaviour, sink, source, stage

            @source("clicks", kinds=("flow",), version="2", description="Counts clicks.")
            def anything(*, count: int = 2):
                for number in range(count):
                    yield Reading("clicks", number)

            @sink("speaker")
            def say(batch): ...

            @stage("halved")
            class Any:
                def process(self, stream): return stream

            @behaviour("louder")
            class Louder:
                def wrap(self, plugin, name): return plugin
        """,
    )
    assert found(folder) == [("source", "clicks"), ("sink", "speaker"), ("stage", "halved"), ("behaviour", "louder")]
    clicks = next(one for one in drop_ins(folder) if isinstance(one, Plugin))
    assert (clicks.kinds, clicks.version, clicks.description) == (("flow",), "2", "Counts clicks.")
    assert clicks.origin == str(folder / "mine.py")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import os\n\nimport no_such_module\n", "plugin 'bad' (DIR/bad.py): cannot be imported: "
         "ModuleNotFoundError: No module named 'no_such_module' (line 3)"),
        ("x = 1\ndef broken(:\n", "plugin 'bad' (DIR/bad.py): cannot be imported: "
         "SyntaxError: invalid syntax (bad.py, line 2)"),
        ("\n\ndef half():\n    return 1 / 0\nhalf()\n", "plugin 'bad' (DIR/bad.py): cannot be imported: "
         "ZeroDivisionError: division by zero (line 4)"),
        ("import sys\nsys.exit(3)\n", "plugin 'bad' (DIR/bad.py): cannot be imported: SystemExit: 3 (line 2)"),
        ("raise SystemExit\n", "plugin 'bad' (DIR/bad.py): cannot be imported: SystemExit (line 1)"),
        ("x = 'no plugin'\n", "plugin 'bad' (DIR/bad.py): defines no plugin: a class with stream(), process() or "
         "consume(), or a function whose first argument is 'reading'"),
        ("from gaugeway import source\n@source('bad')\nclass A:\n    def process(self, stream): ...\n",
         "source 'bad' (DIR/bad.py): lacks the method stream()"),
        ("from gaugeway import source\n@source('bad')\ndef a():\n    return []\n",
         "source 'bad' (DIR/bad.py): is a function that yields nothing; a source yields readings"),
        ("class Bad:\n    def __init__(self, **options): ...\n    def consume(self, batch): ...\n",
         "sink 'bad' (DIR/bad.py): takes **options; an option has to be written out to be checked"),
        ("class Bad:\n    def __init__(self, *, size: 'Sise'): ...\n    def consume(self, batch): ...\n",
         "sink 'bad' (DIR/bad.py): has an annotation that cannot be read: NameError: name 'Sise' is not defined"),
        ("class Bad:\n    def stream(self): yield\nclass BAD(Bad): ...\n".replace("BAD", "bad"),
         "source 'bad' (DIR/bad.py): the name is taken by the one from DIR/bad.py"),
    ],
)  # fmt: skip
def test_a_drop_in_that_cannot_be_used_is_refused_with_its_line(tmp_path: Path, text: str, reason: str) -> None:
    """And those beside it are found."""
    folder = write(tmp_path / "plugins", a_good=DRIVER, bad=text, good=SINK)
    assert refused(folder) == [reason]
    assert ("source", "countdown") in found(folder)
    assert ("sink", "notebook") in found(folder)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A picture that is called .py is one more refusal."""
    folder = write(tmp_path / "plugins", good=SINK)
    (folder / "bad.py").write_bytes(b"\x89PNG\r\n\x00\xff\xfe")
    (folder / "dir.py").mkdir()
    assert [line.partition(": ")[0] for line in refused(folder)] == [
        "plugin 'bad' (DIR/bad.py)", "plugin 'dir' (DIR/dir.py)",
    ]  # fmt: skip
    assert found(folder) == [("sink", "notebook")]


def test_annotations_that_only_a_checker_reads_do_no_harm(tmp_path: Path) -> None:
    """What is imported for the checker alone may stand at the reading, just not at an option."""
    folder = write(
        tmp_path / "plugins",
        careful="""
            from __future__ import annotations
            from typing import TYPE_CHECKING, Annotated
            from msgspec import Meta
            if TYPE_CHECKING:
                from gaugeway import Reading

            def scaled(reading: Reading, *, by: Annotated[float, Meta(gt=0)] = 2.0) -> Reading | None:
                return reading
        """,
    )
    assert refused(folder) == []
    [scaled] = [one for one in drop_ins(folder) if isinstance(one, Plugin)]
    assert get_args(scaled.options["by"].annotation) == (float, Meta(gt=0))
    assert scaled.options["by"].default == 2.0


def test_an_edit_counts_however_soon_it_comes_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's cache goes by the size and the second; here both are what they were."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = tmp_path / "scaled.py"
    for factor in ("2", "5"):
        file.write_text(f"def scaled(reading):\n    reading.value *= {factor}\n    return reading\n")
        os.utime(file, (1_700_000_000, 1_700_000_000))
        (plugin,) = drop_ins(tmp_path)
        assert isinstance(plugin, Plugin)
        assert plugin.target(Reading("s", 1.0)) == Reading("s", float(factor))
    assert [path.name for path in tmp_path.iterdir()] == ["scaled.py"]


def test_files_of_one_name_in_two_folders_are_two_modules(tmp_path: Path) -> None:
    """Neither takes the place of the other; a name that both define belongs to the first."""
    one = write(tmp_path / "one", mine="LIMIT = 1\ndef first(reading): return LIMIT\ndef both(reading): ...\n")
    two = write(tmp_path / "two", mine="LIMIT = 2\ndef second(reading): return LIMIT\ndef both(reading): ...\n")
    registry = Registry.discover([one, two])
    first, second = registry.find("stage", "first"), registry.find("stage", "second")
    assert first is not None
    assert second is not None
    assert first.target.__module__ != second.target.__module__
    assert [refusal.origin for refusal in registry.refusals] == [str(two / "mine.py")]


def test_a_folder_that_is_not_there_is_a_refusal(tmp_path: Path) -> None:
    """It is said once, with the folder's name."""
    [missing] = drop_ins(tmp_path / "none")
    assert isinstance(missing, Refusal)
    assert missing.reason == f"the plugin folder cannot be read: No such file or directory: {tmp_path / 'none'}"
    (tmp_path / "file").write_text("")
    [no_folder] = drop_ins(tmp_path / "file")
    assert isinstance(no_folder, Refusal)
    assert "Not a directory" in no_folder.reason


def test_files_that_are_no_plugins_are_left_alone(tmp_path: Path) -> None:
    """Only .py files whose name does not begin with an underscore are opened."""
    folder = write(tmp_path / "plugins", _private="raise SystemExit", __init__="raise SystemExit")
    (folder / "notes.txt").write_text("import this")
    (folder / "old.py.bak").write_text("raise SystemExit")
    assert list(drop_ins(folder)) == []


@pytest.mark.parametrize("text", [DRIVER, STAGE, SINK])
def test_a_plugin_is_one_short_file(text: str) -> None:
    """The promise is fifteen lines at most."""
    assert len(dedent(text).strip().splitlines()) <= 15


def test_a_third_partys_driver_stage_and_sink_work_together(tmp_path: Path) -> None:
    """Three files in a folder, found, made from a plan and run, with no other file touched."""
    folder = write(tmp_path / "plugins", countdown=DRIVER, doubled=STAGE, notebook=SINK)
    book = tmp_path / "book.txt"
    line = PipelinePlan(
        source=SourceUse(type="countdown", id="rocket", options={"start": 4}),
        stages=(StageUse(type="doubled", id="doubled", options={"times": 1}),),
    )
    plan = Plan(
        node="test",
        file=tmp_path / "gateway.yaml",
        storage=Storage(dir=tmp_path / "state"),
        pipelines=(line,),
        sinks=(SinkUse(type="notebook", id="book", options={"path": str(book)}),),
    )
    builder = Builder(plan, Registry.discover([folder]))
    outlets = builder.outlets()
    pipeline = builder.pipeline(line, outlets, threading.Event())
    builder.finish()
    assert pipeline is not None
    pipeline.run()
    assert book.read_text() == "countdown 8\ncountdown 6\ncountdown 2\n"
    assert pipeline.chain.stages[0].meter.dropped == {"unlucky": 1}

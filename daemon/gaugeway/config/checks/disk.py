"""What is to be read and written, against the disks that there are."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gaugeway.config.checks.subject import Subject
from gaugeway.config.sections.entries import Given
from gaugeway.config.shapes.amounts import SizeShape
from gaugeway.config.shapes.annotation import field_of
from gaugeway.config.shapes.record import StructShape
from gaugeway.config.shapes.union import Optional
from gaugeway.config.text.amounts import size_words
from gaugeway.config.text.nodes import Mapping, Node
from gaugeway.config.text.review import Review
from gaugeway.plan import OURS, Buffer
from gaugeway.sensor import GLOB_CHARACTERS
from gaugeway.users import name_of

WRITTEN: Final = "path"
DEVICE: Final = "port"
SHOWN: Final = 40
OURS_ALONE: Final = frozenset({*OURS, "state.db.aside", "gateway.log.1", "audit.jsonl", "rules"})
"""What no sink may write in the storage folder: what the gateway works with, and what it keeps for people."""


def check_disk(subject: Subject, review: Review) -> None:
    """Find files that cannot be written, that two write, and sizes that no disk here has."""
    if not _can_be(subject.storage, subject.place("storage", "dir"), review):
        return
    _check_writable(subject.storage, subject.place("storage", "dir"), review)
    journal, place = subject.whole.storage.journal_size, subject.place("storage", "journal_size")
    _check_size(journal, subject.storage, place, review, "write a smaller `journal_size` under `storage`")
    written: dict[str, Given] = {}
    for sink in subject.whole.sinks:
        _check_sink(sink.given, subject, written, review)
    for source in subject.whole.sources:
        for name, path in _paths(source.given):
            holder = written.get(os.path.realpath(path))
            if holder is not None:
                review.error(source.given.node(name), f"the sink '{holder.id}' writes what is read here")
            elif name != DEVICE and _can_be(path, source.given.node(name), review):
                _check_there(path, source.given.node(name), review)


def _check_sink(sink: Given, subject: Subject, written: dict[str, Given], review: Review) -> None:
    for name, path in _paths(sink):
        if not _can_be(path, sink.node(name), review):
            continue
        if name != WRITTEN:
            _check_there(path, sink.node(name), review)
            continue
        if os.path.realpath(path) == os.path.realpath(subject.file):
            review.error(sink.node(name), f"{path.name} is this configuration", "choose another name")
            continue
        if _is_ours(path, subject.storage):
            review.error(
                sink.node(name), f"the gateway keeps its own state in {path}", "choose another name, or another folder"
            )
            continue
        first = written.setdefault(os.path.realpath(path), sink)
        if first is not sink:
            review.error(sink.node(name), f"'{first.id}' writes to {path.name} too", "give each sink a file of its own")
            continue
        _check_writable(path.parent, sink.node(name), review)
        if path.is_dir():
            review.error(sink.node(name), f"{path} is a folder", "add the name of a file")
        for size, node in _sizes_of(sink):
            _check_size(size, path, node, review)
    buffer = sink.keys.get("buffer")
    if isinstance(buffer, Buffer):
        _check_size(buffer.size, subject.storage, sink.node("buffer"), review)


def _paths(given: Given) -> Iterator[tuple[str, Path]]:
    return ((name, value) for name, value in given.options.items() if isinstance(value, Path))


def _can_be(path: Path, node: Node, review: Review) -> bool:
    """Tell whether there can be such a file, and this user may look for it."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except PermissionError:
        review.warn(node, f"{path} cannot be looked for by the user {_user()}")
    except OSError as error:
        review.error(node, f"there can be no {path.name[:SHOWN]}…: {(error.strerror or str(error)).lower()}")
    else:
        return True
    return False


def _is_ours(path: Path, storage: Path) -> bool:
    """Tell whether a file is one of the gateway's own, or in one of its own folders."""
    real, folder = Path(os.path.realpath(path)), os.path.realpath(storage)
    return real.is_relative_to(folder) and not OURS_ALONE.isdisjoint(real.relative_to(folder).parts[:1])


def _check_there(path: Path, node: Node, review: Review) -> None:
    if GLOB_CHARACTERS.intersection(path.name):
        return
    if not path.exists():
        review.warn(node, f"{path} does not exist now")
    elif not os.access(path, os.R_OK):
        review.warn(node, f"{path} cannot be read by the user {_user()}")


def _check_writable(folder: Path, node: Node, review: Review) -> None:
    """Warn where this user may not write; the one that the service runs as may be another."""
    there = next(above for above in (folder, *folder.parents) if above.exists())
    if not there.is_dir():
        review.error(node, f"{there} is a file, and a folder is needed there")
    elif not os.access(there, os.W_OK | os.X_OK):
        review.warn(node, f"the folder {there} cannot be written by the user {_user()}")


def _check_size(size: int, path: Path, node: Node, review: Review, hint: str = "") -> None:
    there = next(above for above in (path, *path.parents) if above.exists())
    disk = os.statvfs(there)
    total = disk.f_blocks * disk.f_frsize
    if size > total:
        review.error(node, f"{size_words(size)} are more than the whole disk, which has {size_words(total)}", hint)


def _sizes_of(given: Given) -> Iterator[tuple[int, Node]]:
    for name, option in given.plugin.options.items():
        node = given.written.get(name)
        if node is not None:
            shape = field_of(name, option.annotation, None, required=False).shape
            yield from _sizes(shape, given.options.get(name), node)


def _sizes(shape: object, value: object, node: Node) -> Iterator[tuple[int, Node]]:
    if isinstance(shape, Optional):
        yield from _sizes(shape.shape, value, node)
    elif isinstance(shape, SizeShape) and isinstance(value, int):
        yield value, node
    elif isinstance(shape, StructShape) and isinstance(node, Mapping):
        for name, field in shape.record.fields.items():
            inner = node.get(name)
            if inner is not None:
                yield from _sizes(field.shape, getattr(value, shape.attributes[name]), inner)


def _user() -> str:
    return name_of(os.geteuid()) or str(os.geteuid())

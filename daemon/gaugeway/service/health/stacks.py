"""Where in the code a thread is just now: what tells a developer why something hangs."""

import faulthandler
import os
import re
import threading
from typing import Final

ENGINE: Final = "/gaugeway/engine/"
PYTHON: Final = os.path.dirname(os.__file__)
LARGEST: Final = 256 * 1024
PLACE: Final = re.compile(r'  File "(.+)", line (\d+) in (\S+)')

Place = tuple[str, str, str]


def where(thread_name: str) -> str:
    """Return the innermost place of a thread, and the plugin's that led to it; empty where there is no such thread."""
    idents = [thread.ident for thread in threading.enumerate() if thread.name == thread_name]
    for block in _all_stacks().split("\n\n") if idents else ():
        head, _, stack = block.partition("\n")
        if f"{idents[0]:#018x}" in head:
            places: list[Place] = PLACE.findall(stack)
            return ", called by ".join(f"{name} ({_short(file)}:{line})" for file, line, name in _telling(places))
    return ""


def _telling(places: list[Place]) -> list[Place]:
    """Return of a stack what tells most: where it stands, and the nearest place outside Python's own library."""
    foreign = [place for place in places if ENGINE not in place[0]] or places
    others = [place for place in foreign if not place[0].startswith(PYTHON) or "/site-packages/" in place[0]]
    return list(dict.fromkeys([*foreign[:1], *others[:1]]))


def _all_stacks() -> str:
    """Return the stacks of all threads, taken without stopping any of them; empty where that cannot be."""
    try:
        file = os.memfd_create("stacks")
    except OSError:  # no file descriptor is free
        return ""
    try:
        faulthandler.dump_traceback(file, all_threads=True)
        return os.pread(file, LARGEST, 0).decode(errors="replace")
    finally:
        os.close(file)


def _short(path: str) -> str:
    return "/".join(path.split("/")[-2:])

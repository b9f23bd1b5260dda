"""Where in the code a thread is just now: what tells a developer why something hangs."""

import faulthandler
import os
import re
import threading
from typing import Final

ENGINE: Final = "/gaugeway/engine/"
LARGEST: Final = 256 * 1024
PLACE: Final = re.compile(r'  File "(.+)", line (\d+) in (\S+)')
SHOWN: Final = 2


def where(thread_name: str) -> str:
    """Return the innermost places of a thread, the engine's own left out; empty where there is no such thread."""
    idents = [thread.ident for thread in threading.enumerate() if thread.name == thread_name]
    for block in _all_stacks().split("\n\n") if idents else ():
        head, _, stack = block.partition("\n")
        if f"{idents[0]:#018x}" in head:
            places = PLACE.findall(stack)
            foreign = [place for place in places if ENGINE not in place[0]] or places
            return ", called by ".join(f"{name} ({_short(file)}:{line})" for file, line, name in foreign[:SHOWN])
    return ""


def _all_stacks() -> str:
    """Return the stacks of all threads, taken without stopping any of them."""
    file = os.memfd_create("stacks")
    try:
        faulthandler.dump_traceback(file, all_threads=True)
        return os.pread(file, LARGEST, 0).decode(errors="replace")
    finally:
        os.close(file)


def _short(path: str) -> str:
    return "/".join(path.split("/")[-2:])

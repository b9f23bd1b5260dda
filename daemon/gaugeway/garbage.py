"""When a process looks for garbage: not while it begins, and never among what it begins with."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def for_good() -> Generator[None]:
    """Let what the block makes stay until the process ends, in a process that is ours.

    Garbage is looked for neither meanwhile nor among it ever after: a sixth of what a short command takes, at its end
    above all.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def tidied() -> Generator[None]:
    """Clear away at the end what a configuration was made of: it holds itself in circles, and would stay for hours."""
    try:
        yield
    finally:
        gc.unfreeze()  # what was to stay for good is what has just been replaced
        gc.collect()
        gc.freeze()

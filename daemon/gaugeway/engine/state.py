"""State that survives a restart: taken from a plugin and handed back, where the plugin has any."""

from collections.abc import Callable

import msgspec

from gaugeway.contain import Blamed, Contained, in_words
from gaugeway.log import logger

log = logger(__name__)


def saved(plugin: object) -> object | None:
    """Return the state of a plugin, None where it has none; `PluginError` where its `save` fails."""
    save: Callable[[], object] | None = getattr(plugin, "save", None)
    if save is None:
        return None
    with Blamed(f"{type(plugin).__name__}.save() fails"):
        return save()


def packed(plugin: object) -> msgspec.Raw | None:
    """Return the state of a plugin as bytes, None where it has none; `PluginError` where it is no plain data."""
    state = saved(plugin)
    if state is None:
        return None
    with Blamed(f"{type(plugin).__name__}.save() returns what is no plain data"):
        return msgspec.Raw(msgspec.msgpack.encode(state))


def restore(plugin: object, state: object, name: str) -> None:
    """Hand a plugin its saved state; one that does not fit any more is logged and left out."""
    take: Callable[[object], None] | None = getattr(plugin, "restore", None)
    if state is None or take is None:
        return
    with Contained() as fault:
        take(state)
    if fault.error is not None:
        log.warning("saved state does not fit and is left out", plugin=name, reason=in_words(fault.error))


def hand_on(before: object, after: object, name: str) -> None:
    """Give a plugin the state of the one whose place it takes, the way it would get it after a restart."""
    with Contained() as fault:
        state = packed(before)
        restore(after, None if state is None else msgspec.msgpack.decode(state), name)
    if fault.error is not None:
        log.warning("state is lost", plugin=name, reason=in_words(fault.error))

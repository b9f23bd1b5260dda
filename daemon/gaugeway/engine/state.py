"""State that survives a restart: taken from a plugin and handed back, where the plugin has any."""

from typing import Protocol, runtime_checkable

import msgspec

from gaugeway.log import logger

log = logger(__name__)


@runtime_checkable
class Stateful(Protocol):
    """A plugin with state that survives a restart."""

    def save(self) -> object:
        """Return the state as plain data."""
        ...

    def restore(self, saved: object) -> None:
        """Take the state back."""
        ...


def saved(plugin: object) -> object | None:
    """Return the state of a plugin, None where it has none."""
    return plugin.save() if isinstance(plugin, Stateful) and callable(plugin.save) else None


def restore(plugin: object, state: object, name: str) -> None:
    """Hand a plugin its saved state; one that does not fit any more is logged and left out."""
    if state is None or not isinstance(plugin, Stateful) or not callable(plugin.restore):
        return
    try:
        plugin.restore(state)
    except (ValueError, TypeError, KeyError, msgspec.ValidationError) as error:
        log.warning("saved state does not fit and is left out", plugin=name, reason=str(error))

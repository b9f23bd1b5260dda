"""Every plugin by role and name, whoever wrote it, and those that were refused with the reason."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from gaugeway.card import Role
from gaugeway.discovery import drop_ins, installed
from gaugeway.errors import PluginError
from gaugeway.plugin import Plugin, Refusal
from gaugeway.sensor import Kind


class Registry:
    """The plugins that can be used."""

    def __init__(self, plugins: Iterable[Plugin] = (), refusals: Iterable[Refusal] = ()) -> None:
        self._plugins: dict[tuple[Role, str], Plugin] = {}
        self.refusals = list(refusals)
        for plugin in plugins:
            self.add(plugin)

    @classmethod
    def discover(cls, folders: Sequence[Path] = ()) -> "Registry":
        """Find what is installed, then what lies in drop-in folders."""
        registry = cls(installed())
        for folder in folders:
            for found in drop_ins(folder):
                if isinstance(found, Plugin):
                    registry.add(found)
                else:
                    registry.refusals.append(found)
        return registry

    def add(self, plugin: Plugin) -> None:
        """Take a plugin in, unless its name is taken: who came first keeps it."""
        key = (plugin.role, plugin.name)
        holder = self._plugins.setdefault(key, plugin)
        if holder is not plugin:
            reason = f"the name is taken by the one from {holder.origin}"
            self.refusals.append(Refusal(plugin.role, plugin.name, plugin.origin, reason))

    def find(self, role: Role, name: str) -> Plugin | None:
        """Return the plugin of that name, not yet imported, or None."""
        return self._plugins.get((role, name))

    def names(self, role: Role) -> list[str]:
        """Return the names of all plugins of a role."""
        return [name for have, name in self._plugins if have == role]

    def usable(self, role: Role | None = None, kind: Kind | None = None) -> list[Plugin]:
        """Import and return all plugins of a role and for a kind; those that break their contract are refused."""
        found: list[Plugin] = []
        for (have, name), plugin in list(self._plugins.items()):
            try:
                fits = role in (None, have) and (kind is None or {"any", kind}.intersection(plugin.kinds))
                if fits:
                    plugin.check()
                    found.append(plugin)
            except PluginError as error:
                del self._plugins[have, name]
                self.refusals.append(Refusal(have, name, plugin.origin, str(error)))
        return found

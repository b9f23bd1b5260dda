"""Feature flags: named switches in the configuration, which can be turned while the gateway runs."""

from collections.abc import Callable, Mapping


class Flags:
    """The switches of one gateway; who listens hears of each change."""

    def __init__(self, initial: Mapping[str, bool]) -> None:
        self._on = dict(initial)
        self._listeners: list[Callable[[], None]] = []

    def enabled(self, name: str) -> bool:
        """Tell whether a flag is on; one that nobody declared is off."""
        return self._on.get(name, False)

    def turn(self, name: str, on: bool) -> None:
        """Switch a flag that was declared; KeyError for any other."""
        if name not in self._on:
            raise KeyError(name)
        self._on[name] = on
        for listener in self._listeners:
            listener()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change."""
        self._listeners.append(listener)

    def as_dict(self) -> dict[str, bool]:
        """Return every flag and whether it is on."""
        return dict(self._on)

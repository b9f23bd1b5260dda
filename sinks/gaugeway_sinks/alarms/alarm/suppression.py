"""The third axis of an alarm: whether it may speak. A suppressed alarm goes on evaluating and is silent."""

from typing import Literal

import msgspec

Silence = Literal["out_of_service", "shelved", "inhibited"]


class Suppression(msgspec.Struct, omit_defaults=True):
    """Who or what keeps an alarm silent; several reasons may hold at once, and the strongest gives the name."""

    out_of_service_by: str | None = None
    shelved_by: str | None = None
    shelved_until: float | None = None
    inhibitors: tuple[str, ...] = ()

    @property
    def name(self) -> Silence | None:
        """The strongest reason for silence, if there is one."""
        if self.out_of_service_by is not None:
            return "out_of_service"
        if self.shelved_by is not None:
            return "shelved"
        return "inhibited" if self.inhibitors else None

    @property
    def by(self) -> str | None:
        """The person or the rule behind it."""
        if self.out_of_service_by is not None or self.shelved_by is not None:
            return self.out_of_service_by if self.out_of_service_by is not None else self.shelved_by
        return self.inhibitors[0] if self.inhibitors else None

    def shelve(self, by: str, until: float) -> None:
        """Be silent until then."""
        self.shelved_by, self.shelved_until = by, until

    def unshelve(self) -> None:
        """End that."""
        self.shelved_by = self.shelved_until = None

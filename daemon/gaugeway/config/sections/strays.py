"""Keys that slipped out from under their entry: they stand beside it, as if they were entries of their own."""

from collections.abc import Callable, Container

import msgspec

from gaugeway.config.text.nodes import Entry, Mapping
from gaugeway.config.text.review import Review


def taken_in(
    entries: list[Entry], own: Callable[[Entry], bool], keys: Callable[[Entry], Container[str]], review: Review
) -> list[Entry]:
    """Return the entries with strays put back under the one above, which the review is told of.

    `own` says whether something looks like an entry in its own right, `keys` what may stand in an entry.
    """
    found: list[Entry] = []
    for entry in entries:
        above = found[-1] if found else None
        name = entry.key.value
        if above is None or own(entry) or not isinstance(above.value, Mapping) or name not in keys(above):
            found.append(entry)
            continue
        message = f"'{name}' stands beside '{above.key.value}', and belongs under it"
        review.error(entry.key, message, "indent it further")
        whole = msgspec.structs.replace(above.value, entries={name: entry} | above.value.entries)
        found[-1] = Entry(above.key, whole)
    return found


def is_mapping(entry: Entry) -> bool:
    """Tell whether an entry has keys of its own."""
    return isinstance(entry.value, Mapping)

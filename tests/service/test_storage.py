"""The room that is set aside on the disk is for the state and for alarms, not for files."""

from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest
from tests.engine.kit import Shelf, readings

from gaugeway.delivery.reserve import Reserve
from gaugeway.engine.outlet import Outlet
from gaugeway.plan import SinkUse
from gaugeway.plan import Storage as StoragePlan
from gaugeway.service.storage import Storage

MORE_THAN_THERE_IS = 1 << 60


@pytest.fixture
def storage(tmp_path: Path) -> Generator[Storage]:
    """A state folder whose reserve was given up, on a disk that has no room for it any more."""
    with closing(Storage(StoragePlan(dir=tmp_path / "state"))) as storage:
        storage.reserve = Reserve(tmp_path / "state" / "spent", size=MORE_THAN_THERE_IS)
        yield storage


def outlet(shelf: Shelf, **options: object) -> Outlet:
    return Outlet(SinkUse(type="shelf", id="out", options=options), shelf)


def test_a_file_on_the_same_disk_has_to_wait_for_room(storage: Storage, tmp_path: Path) -> None:
    """A device that does not wait would fill up in a moment what the alarms of a day need."""
    shelf = Shelf()
    path = tmp_path / "data" / "out.jsonl"
    out = outlet(shelf, path=path)
    out.guard = storage.guard(out)
    out.take(readings(1))
    assert shelf.calls == 0
    assert (out.status.state, out.status.reason) == ("waiting", f"No space left on device: {path}")
    storage.reserve = Reserve(tmp_path / "state" / "spent", size=4096)
    out.guard = storage.guard(out)
    out.last_try()
    assert shelf.values == [1]


def test_what_writes_elsewhere_does_not_wait(storage: Storage) -> None:
    """A file on another disk, or no file at all."""
    assert storage.guard(outlet(Shelf(), path=Path("/proc/out.jsonl"))) is None
    assert storage.guard(outlet(Shelf(), port=1883)) is None

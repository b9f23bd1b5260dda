"""All that waits for one sink, in how many lanes it waits, and what gives way when there is no more room."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gaugeway.delivery.files import BLOCK, Files
from gaugeway.delivery.journal import JournalFullError
from gaugeway.delivery.lane import Lane
from gaugeway.delivery.memory import MemoryLog
from gaugeway.delivery.thin import thin, weight
from gaugeway.errors import DeviceError
from gaugeway.log import logger
from gaugeway.plan import Buffer

log = logger(__name__)

URGENT: Final = 1024 * 1024
PER_MESSAGE: Final = 64
COARSER: Final = (1, 10)

Position = tuple[int, int]
"""How many urgent and how many ordinary messages were put."""


class Backlog:
    """Urgent messages, ordinary ones, and, where the oldest give way to summaries, those.

    Urgent messages go first and are on disk before they go; a part of the room is theirs alone, and they give way
    last. Otherwise the order is kept: the coarsest summaries, the finer ones, then what was not summed up.
    A summary stands at the position of the last message that it takes in: so it is known after a crash which
    messages were summed up already. Without a folder everything is in memory.
    """

    def __init__(self, folder: Path | None, buffer: Buffer, files: Files | None = None) -> None:
        self.buffer = buffer
        self.closed = False
        self.kept = 0
        self.dropped = 0
        self.thinned = 0
        self._folder = folder
        self._files = files
        thins = buffer.when_full == "thin"
        rest = buffer.size - min(URGENT, buffer.size // 4)
        self._urgent = self._lane("urgent", buffer.size)
        self._afloat = Lane(MemoryLog(URGENT))
        self._ordinary = [self._lane("ordinary", rest // 2 if thins else rest)]
        for factor in COARSER:
            name = f"thinned-{factor}"
            if thins or (folder and (folder / name).is_dir()):
                self._ordinary.append(self._lane(name, rest // 4, sparse=True))
        for finer, coarser in zip(self._ordinary, self._ordinary[1:], strict=False):
            finer.skip_to(coarser.log.end)

    @property
    def lanes(self) -> list[Lane]:
        """All lanes in the order in which they are sent."""
        return [self._urgent, self._afloat, *reversed(self._ordinary)]

    @property
    def waiting(self) -> int:
        """How many messages are not delivered yet."""
        return sum(lane.waiting for lane in self.lanes)

    @property
    def used(self) -> int:
        """How many bytes are in use, of the size of the buffer at most."""
        return sum(lane.log.used for lane in self.lanes)

    @property
    def position(self) -> Position:
        """What a checkpoint has to remember."""
        return self._urgent.position, self._ordinary[0].position

    def resume(self, position: Position) -> None:
        """Expect all that was put since this checkpoint to be put once more."""
        for lane, its_position in zip((self._urgent, self._ordinary[0]), position, strict=True):
            lane.resume(its_position)

    def settle(self, position: Position) -> None:
        """Forget what was delivered before this checkpoint."""
        for lane, its_position in zip((self._urgent, self._ordinary[0]), position, strict=True):
            lane.settle(its_position)

    def sync(self) -> None:
        """Make what was put outlast a power cut."""
        for lane in self.lanes:
            lane.log.sync()

    def put(self, messages: Sequence[bytes]) -> None:
        """Keep ordinary messages; after an error none is put, and they can be put again."""
        self._put(self._ordinary[0], messages)

    def put_urgent(self, messages: Sequence[bytes]) -> None:
        """Keep urgent messages, and have them on disk before this returns."""
        self._displace(sum(map(len, messages)) + len(messages) * PER_MESSAGE + 2 * BLOCK)
        self._put(self._urgent, messages, sync=True)

    def put_afloat(self, messages: Sequence[bytes]) -> None:
        """Keep urgent messages in memory, where no disk can hold them up."""
        self._put(self._afloat, messages)

    def take(self, limit: int) -> tuple[Lane, list[bytes]] | None:
        """Return the messages whose turn it is, and the lane that is to be told when they have arrived."""
        trouble: OSError | None = None
        for lane in self._in_turn():
            try:
                messages = [] if self.closed else lane.take(limit, durable=lane is self._urgent)
            except OSError as error:
                trouble = error
                continue
            if messages:
                return lane, messages
        if trouble is not None:
            raise trouble
        return None

    def close(self) -> None:
        """Give back what is open."""
        self.closed = True
        for lane in self.lanes:
            lane.close()

    def _lane(self, name: str, size: int, *, sparse: bool = False) -> Lane:
        if self._folder is None:
            return Lane(MemoryLog(size), sparse=sparse)
        return Lane.in_folder(self._folder / name, size, files=self._files, sparse=sparse)

    def _in_turn(self) -> list[Lane]:
        """Return the lanes by whose turn it is: urgent messages, what was tried already, the rest."""
        ordinary = self._ordinary[::-1]
        ordinary.sort(key=_untried)
        return [self._urgent, self._afloat, *ordinary]

    def _put(self, lane: Lane, messages: Sequence[bytes], *, sync: bool = False) -> None:
        before, end = lane.position, lane.log.end
        try:
            self._keep(lane, messages, sync=sync)
        except (DeviceError, OSError):
            lane.expect(before)
            raise
        finally:
            self.kept += lane.log.end - end

    def _keep(self, lane: Lane, messages: Sequence[bytes], *, sync: bool) -> None:
        """Put messages into a lane and make room as long as there is none."""
        if not lane.log.fits(messages):
            self._keep_some(lane, messages, sync=sync)
            return
        while True:
            try:
                lane.put(messages, sync=sync)
            except JournalFullError:
                if not self._relieve(lane):
                    raise
            else:
                return

    def _keep_some(self, lane: Lane, messages: Sequence[bytes], *, sync: bool) -> None:
        """Put what is too much at once in parts, without what would be too much alone."""
        middle = len(messages) // 2
        if middle:
            self._keep(lane, messages[:middle], sync=sync)
            self._keep(lane, messages[middle:], sync=sync)
        else:
            log.warning("message is larger than its outbox and is left out", bytes=len(messages[0]))
            self.kept += 1
            self.dropped += 1

    def _relieve(self, lane: Lane) -> bool:
        """Free the oldest part of a lane by the policy; return whether that freed anything."""
        used = lane.log.used
        if lane.log.oldest() <= lane.acknowledged:
            lane.drop_oldest()
        elif self.buffer.when_full == "stop":
            raise JournalFullError(f"outbox is full: {lane.waiting} messages wait")
        elif self.buffer.when_full == "thin" and lane in self._ordinary[:-1]:
            index = self._ordinary.index(lane)
            self._thin(lane, self._ordinary[index + 1], self.buffer.thin_every * COARSER[index])
        else:
            self._drop(lane)
        return lane.log.used < used

    def _displace(self, count: int) -> None:
        """Let ordinary messages make room for `count` bytes of urgent ones."""
        for lane in reversed(self._ordinary):
            used = lane.log.used + 1
            while self.used + count > self.buffer.size and lane.waiting and lane.log.used < used:
                if self.buffer.when_full == "stop":
                    raise JournalFullError(f"outbox is full: {self.waiting} messages wait")
                used = lane.log.used
                self._drop(lane)

    def _drop(self, lane: Lane) -> None:
        """Leave the oldest part of a lane out, and count the readings that its messages stand for."""
        if lane in self._ordinary[1:]:
            messages = lane.untaken(lane.log.oldest())
            lane.drop_oldest()
            self._count_dropped_summaries(messages)
        else:
            self.dropped += lane.drop_oldest()

    def _count_dropped_summaries(self, messages: Sequence[bytes]) -> None:
        stood_for = sum(map(weight, messages))
        self.dropped += stood_for
        self.thinned -= stood_for - len(messages)

    def _thin(self, lane: Lane, coarser: Lane, interval: float) -> None:
        """Replace the oldest part of a lane by summaries in the next one, on disk before the part is given up."""
        end = lane.log.oldest()
        if coarser.log.end < end:
            messages = lane.untaken(end)
            summaries = thin(messages, interval)
            self.thinned += len(messages) - len(summaries)
            self._add(coarser, summaries, end)
        coarser.log.sync()
        lane.drop_oldest()

    def _add(self, lane: Lane, summaries: Sequence[bytes], end: int) -> None:
        """Put summaries into a lane so that its positions end at `end`."""
        while True:
            try:
                lane.add(summaries, end)
            except JournalFullError:
                if not self._relieve(lane):
                    raise
            else:
                return


def _untried(lane: Lane) -> bool:
    return not lane.hand

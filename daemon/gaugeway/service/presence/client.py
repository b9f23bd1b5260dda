"""Speaks to a running gateway over its control socket. Read by quick commands: imports next to nothing."""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice

from gaugeway.service.presence import places
from gaugeway.service.presence.record import Sighting

PATIENCE = 5.0
SILENT_AFTER = 3.0
"""A gateway gives a sign of life every second; one that gave none for so long is not waited for."""
BRIEFLY = 0.06

Answer = dict[str, object]


class NoAnswerError(Exception):
    """The gateway does not answer, or not to us."""


class RefusedError(Exception):
    """The gateway says no; `code` is what a command should end with."""

    def __init__(self, words: str, code: int) -> None:
        super().__init__(words)
        self.code = code


class Talk:
    """A conversation with one gateway: `with Talk(seen) as talk: talk.ask(ask="ping")`."""

    def __init__(self, seen: Sighting, patience: float | None = None) -> None:
        self._path = seen.record.socket
        silent = time.time() - seen.beat
        self._patience = patience or (BRIEFLY if silent > SILENT_AFTER else PATIENCE)
        self._received = b""

    def __enter__(self) -> "Talk":
        with ExitStack() as stack:
            self._socket = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            self._socket.settimeout(self._patience)
            try:
                with places.address(self._path) as address:
                    self._socket.connect(address)
            except PermissionError:
                raise RefusedError(f"no permission to speak to it: {_who_may(self._path)}", 1) from None
            except OSError as error:
                raise NoAnswerError(error.strerror or str(error)) from None
            stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, request: Answer, *, patience: float | None = None) -> Answer:
        """Return the answer to a request; a whole minute of `patience` may be right for one that takes its time."""
        self._send(request)
        self._socket.settimeout(patience or self._patience)
        for answer in self._answers():
            return answer
        raise NoAnswerError("it hung up without an answer")

    def listen(self, request: Answer) -> Iterator[Answer]:
        """Ask for something that has many answers, and yield them for as long as they come."""
        self._send(request)
        yield from islice(self._answers(), 1)
        self._socket.settimeout(None)
        yield from self._answers()

    def _send(self, request: Answer) -> None:
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except (BrokenPipeError, ConnectionResetError):
            return  # it has hung up, and may have said before why
        except OSError as error:
            raise NoAnswerError(error.strerror or str(error)) from None

    def _answers(self) -> Iterator[Answer]:
        while (line := self._line()) is not None:
            answer: Answer | str | None = json.loads(line)
            if not isinstance(answer, dict):
                raise NoAnswerError("it speaks another language")
            if "error" in answer:
                code = answer.get("code")
                raise RefusedError(str(answer["error"]), code if isinstance(code, int) else 1)
            yield answer

    def _line(self) -> bytes | None:
        """Return the next line, None where the gateway has hung up."""
        pieces: list[bytes] = [self._received]
        while b"\n" not in pieces[-1]:
            try:
                piece = self._socket.recv(65536)
            except TimeoutError:
                raise NoAnswerError("it does not answer") from None
            except OSError as error:
                raise NoAnswerError(error.strerror or str(error)) from None
            if not piece:
                return None
            pieces.append(piece)
        line, _, self._received = b"".join(pieces).partition(b"\n")
        return line


def _who_may(path: str) -> str:
    """Say who may speak to a gateway that does not let us."""
    try:
        owner = os.stat(path)
    except OSError:
        return "try with sudo"
    return f"it listens to root, user {owner.st_uid} and group {owner.st_gid}; try with sudo"

"""Readings from a serial port: a device that sends lines, by itself or when it is asked."""

import time
from collections.abc import Generator
from typing import Annotated, Final, Literal

from gaugeway import ConfigError, Duration, FilePath, Meta, Reading, Reject, Sensor, Sensors, Tick
from gaugeway_drivers.decode.framing import Lines
from gaugeway_drivers.decode.lines import Checksum, LineDecoder, LineFormat, LineReader
from gaugeway_drivers.decode.moment import zone
from gaugeway_drivers.port import Parity, Port, Settings, opened

LONGEST_WAIT: Final = 0.5
PLENTY: Final = 2048
"""A read that brought as much shows that data comes fast: then the next is not put off to let more gather."""


class Serial:
    """Reads lines from a device on a serial port."""

    ticks = True

    def __init__(
        self,
        *,
        port: Annotated[
            FilePath,
            Meta(
                description="The port, best by its name under /dev/serial/by-id, which never changes.",
                examples=["/dev/serial/by-id/usb-FTDI_FT232R-if00-port0"],
            ),
        ],
        format: Annotated[LineFormat, Meta(description="How a line is laid out.")],
        sensors: Sensors[Sensor],
        baud: Annotated[int, Meta(ge=50, le=4_000_000, description="Bits a second.")] = 9600,
        bytesize: Annotated[Literal[5, 6, 7, 8], Meta(description="Bits in a character.")] = 8,
        parity: Annotated[Parity, Meta(description="The parity bit.")] = "none",
        stopbits: Annotated[Literal[1, 2], Meta(description="Bits after a character.")] = 1,
        delimiter: Annotated[
            str, Meta(description="What ends a line. Default: CR, LF or both.", examples=["\r\n", ";"])
        ] = "",
        max_line: Annotated[int, Meta(ge=1, le=1_000_000, description="Bytes in the longest line.")] = 4096,
        silence: Annotated[
            Duration, Meta(gt=0, description="A pause that no line contains: half a line before it is refused.")
        ] = 2.0,
        keep_first: Annotated[
            bool, Meta(description="Keep the first line after opening, although its beginning may be missing.")
        ] = False,
        ignore: Annotated[
            list[str] | None,
            Meta(description="Beginnings of lines that are no readings, and no errors.", examples=[["#", "*OK"]]),
        ] = None,
        checksum: Annotated[Checksum | None, Meta(description="The checksum in each line; nmea is `$...*XX`.")] = None,
        timezone: Annotated[
            str, Meta(description="The zone of times that name none.", examples=["Europe/Berlin"])
        ] = "UTC",
        request: Annotated[
            str | None, Meta(description="Sent to a device that must be asked.", examples=["R\r"])
        ] = None,
        every: Annotated[Duration, Meta(gt=0, description="How often it is asked.", examples=["1s"])] = 1.0,
        max_latency: Annotated[
            Duration,
            Meta(ge=0, le=0.5, description="How long bytes may gather before they are read: the longer, the less CPU."),
        ] = 0.01,
    ) -> None:
        self._path = port
        self._settings = Settings(baud=baud, bytesize=bytesize, parity=parity, stopbits=stopbits)
        self._reader = LineReader(format, sensors, checksum=checksum, zone=zone(timezone))
        self._delimiter = _as_bytes("delimiter", delimiter)
        self._max_line = max_line
        self._silence = silence
        self._request = _as_bytes("request", request or "")
        self._keep_first = keep_first or bool(self._request)
        self._every = every
        if "" in (ignore or ()):
            raise ConfigError("`ignore` has an empty text, with which every line begins: leave it out")
        self._ignore = tuple(beginning.encode() for beginning in ignore or ())
        self._max_latency = max_latency

    def stream(self) -> Generator[Reading | Reject | Tick]:
        """Open the port and yield its readings for as long as it is there."""
        with opened(self._path, self._settings) as port:
            yield from self._listen(port, self._fresh_decoder())

    def _fresh_decoder(self) -> LineDecoder:
        """Return one for one opening, so that nothing from before an unplug meets what comes after."""
        lines = Lines(delimiter=self._delimiter, limit=self._max_line, keep_first=self._keep_first)
        return LineDecoder(self._reader, lines, ignore=self._ignore, echo=self._request.strip())

    def _listen(self, port: Port, decoder: LineDecoder) -> Generator[Reading | Reject | Tick]:
        quiet = due = 0.0
        plenty = False
        while True:
            yield Tick()
            began = time.monotonic()
            if self._request and began >= due:
                port.write(self._request)
                due = began + self._every
            longest = LONGEST_WAIT - self._max_latency
            if port.wait(min(longest, self._silence, due - began if self._request else longest)):
                if not plenty:
                    time.sleep(self._max_latency)
                data = port.read()
                quiet, plenty = 0.0, len(data) >= PLENTY
                yield from decoder.feed(data)
            elif (quiet := quiet + time.monotonic() - began) >= self._silence:
                # Only waits in vain are counted: what came while this thread was kept busy was no silence.
                yield from decoder.silence()


def _as_bytes(option: str, text: str) -> bytes:
    """Return what is sent or looked for: each character, or escape in double quotes, is one byte."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise ConfigError(
            f"{option} {text!r} has characters that are no single byte: write such bytes like \\xff"
        ) from None

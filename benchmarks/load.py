"""The load: readings of fifty sensors, published at QoS 1.

Arguments: port, how many, messages a second (0: all), one in how many crosses the threshold.
"""

import selectors
import sys
import time

from rig import connect, message, usual_value

CHUNK = 200


def main(port: int, count: int, rate: float, crossing: int) -> None:
    """Publish, and read the broker's acknowledgements so that it is never held up."""
    line = connect(port, "load")
    line.setblocking(False)
    watch = selectors.DefaultSelector()
    watch.register(line, selectors.EVENT_READ | selectors.EVENT_WRITE)
    began, number, acknowledged, rest = time.time(), 0, 0, b""
    while acknowledged < count * 4:
        due = count if not rate else min(count, int((time.time() - began) * rate) + 1)
        if not rest and number < due:
            until = min(due, number + CHUNK)
            rest = b"".join(message(one, time.time(), usual_value(one, crossing)) for one in range(number, until))
            number = until
        watch.modify(line, selectors.EVENT_READ | (selectors.EVENT_WRITE if rest else 0))
        for _, ready in watch.select(0.001):
            if ready & selectors.EVENT_READ:
                acknowledged += len(line.recv(65536))
            if ready & selectors.EVENT_WRITE and rest:
                rest = rest[line.send(rest) :]


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))

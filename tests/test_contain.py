"""What exceptions say, in one line for people."""

import errno
import threading

import pytest

from gaugeway import DeviceError
from gaugeway.contain import Contained, in_words


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DeviceError("nothing listens\n on  localhost"), "nothing listens on localhost"),
        (DeviceError(), "DeviceError"),
        (OSError(errno.ENOSPC, "No space left on device", "/a"), "No space left on device: /a"),
        (KeyError("flow"), "KeyError: 'flow'"),
    ],
)
def test_an_error_is_said_in_words(error: Exception, said: str) -> None:
    """Ours are sentences already; of any other its kind is said, without which 'flow' alone would be a riddle."""
    assert in_words(error) == said


def test_an_interrupt_passes_on_the_main_thread_and_is_an_error_of_the_plugin_on_any_other() -> None:
    """Only the main thread can have been interrupted from the keyboard; another would die without a word."""
    with pytest.raises(KeyboardInterrupt), Contained():
        raise KeyboardInterrupt
    kept: list[BaseException | None] = []

    def plugin() -> None:
        with Contained() as fault:
            raise KeyboardInterrupt
        kept.append(fault.error)

    thread = threading.Thread(target=plugin)
    thread.start()
    thread.join()
    assert isinstance(kept[0], KeyboardInterrupt)

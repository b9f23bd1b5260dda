"""What MQTT can carry as a text: a topic, a name, a password."""

from typing import Final

LONGEST: Final = 65535


def fits(text: str) -> bool:
    """Tell whether MQTT can carry a text: at most 65,535 bytes of UTF-8, none of them 0."""
    try:
        return "\0" not in text and len(text if text.isascii() else text.encode()) <= LONGEST
    except UnicodeEncodeError:  # half a character
        return False

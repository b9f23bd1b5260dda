"""What this computer calls its users."""

import pwd


def name_of(user: int) -> str:
    """Return the name of a user; empty where only the number is known, as in a container."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return ""

"""The exit codes that scripts can trust."""

from typing import Final

WELL: Final = 0
UNWELL: Final = 1
USAGE: Final = 2
NOT_RUNNING: Final = 3
CONFIGURATION: Final = 78
INTERRUPTED: Final = 130

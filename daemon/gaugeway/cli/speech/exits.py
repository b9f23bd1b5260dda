"""The exit codes that scripts can trust."""

WELL = 0
UNWELL = 1
USAGE = 2
NOT_RUNNING = 3
CONFIGURATION = 78
INTERRUPTED = 130

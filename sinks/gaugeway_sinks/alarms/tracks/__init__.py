"""One sensor as the alarms see it, and the time that it lives in."""

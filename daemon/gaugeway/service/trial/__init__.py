"""A configuration tried out: its own tests in virtual time, and its sources on the real devices."""

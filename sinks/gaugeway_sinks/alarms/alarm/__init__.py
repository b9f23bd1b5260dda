"""One alarm: its axes, what moves it, and what is told of it."""

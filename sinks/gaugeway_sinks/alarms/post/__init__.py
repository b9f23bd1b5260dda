"""The way of events out through an outbox."""

"""The whole gateway as one process."""

"""New rules for a gateway: what they change, what they would have done, and their way into the file."""

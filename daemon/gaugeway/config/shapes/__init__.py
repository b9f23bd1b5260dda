"""Shapes: what a value in the file may look like, read from the annotations of options."""

"""One source, its stages and sinks, joined and driven."""

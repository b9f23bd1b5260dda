"""From the text of a configuration file to typed objects, every mistake with its place."""

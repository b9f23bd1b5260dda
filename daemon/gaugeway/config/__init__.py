"""From the text of a configuration file to a plan, with every mistake found at its place, all at once.

* `text`, `compose`, `parts`: bytes to nodes that know where they stand; includes, secrets, variables
* `shapes`: what a value may look like, from the annotations of options
* `sensors`, `chain`, `entries`, `rules`, `document`: the keys of the file
* `census`, `checks`: what belongs together, held against each other
* `load`: all of it in order
"""

from gaugeway.config.load import Report, load, load_report, load_text

__all__ = ["Report", "load", "load_report", "load_text"]

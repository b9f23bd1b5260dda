"""From the text of a configuration file to a plan, with every mistake found at its place, all at once.

* `text`, `compose`, `parts`, `secrets`: bytes to nodes that know where they stand; includes, secrets, variables
* `syntax`, `repair`: broken YAML, in words, and the edit that mends it
* `templates`, `strays`: what fills entries in, and what slipped out of them
* `shapes`: what a value may look like, from the annotations of options
* `names`, `sensors`, `uses`, `chain`, `entries`, `sources`, `sinks`, `rules`, `keys`: the keys of the file
* `whole`, `census`, `checks`: what belongs together, held against each other
* `document`, `load`: all of it in order
* `catalogue`, `schema`, `reference`, `explain`, `resolved`: what there is to say of a file
* `flow`, `traffic`, `cost`: what it will cost to run
"""

from gaugeway.config.load import Report, load, load_report, load_text

__all__ = ["Report", "load", "load_report", "load_text"]

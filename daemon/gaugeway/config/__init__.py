"""From the text of a configuration file to a plan, with every mistake found at its place, all at once.

* `text`: bytes to nodes that know their place; includes, secrets and variables; broken YAML and the edit that mends it
* `shapes`: what a value may look like, from the annotations of options
* `sections`: what the keys of the file mean, and the templates that fill entries in
* `checks`: what belongs together, held against each other; `cost`: what it will cost to run
* `document`, `load`: all of it in order
* `shown`: what there is to say of a file: reference, schema, what counts and where it comes from
* `upgrade`: a file of an older format
"""

from gaugeway.spared import uncompiled

with uncompiled():  # most are for what is wrong with a file, or for the YAML parser that is not in C
    from gaugeway.config.load import Report, load, load_report, load_text

__all__ = ["Report", "load", "load_report", "load_text"]

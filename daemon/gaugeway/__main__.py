"""`python -m gaugeway` is the same as `gaugeway`."""

import sys

from gaugeway.cli import main

sys.exit(main())

"""`python -m evaluation` is `dragoman evaluate`: the command, with its way of ending in one line, is in `ui`."""

from __future__ import annotations

import sys

from ui.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "evaluate")
    main()

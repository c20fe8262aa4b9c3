"""``python -m groundglass`` is the command line."""

import sys

from groundglass.cli import main

if __name__ == "__main__":
    sys.exit(main())

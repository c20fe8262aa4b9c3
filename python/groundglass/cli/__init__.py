"""The command line: ``groundglass analyze | segment | intervals | thresholds | agreement | …``.

Exit codes: 0 done, 1 failed inside, 2 wrong input or use, 130 stopped by Ctrl-C, 143 by a request to end.
What went wrong is one sentence on stderr; ``--debug`` adds the traceback. Results go to stdout, all else to
stderr. Where log lines were asked for, the sentence is one of them.
"""

from __future__ import annotations

from groundglass.cli.entry import explain, main
from groundglass.cli.errors import WrongInput

__all__ = ["WrongInput", "explain", "main"]

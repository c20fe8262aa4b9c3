"""The libraries that decode images, kept from printing, listened to, and given names that they can open."""

from __future__ import annotations

import logging
import os
import re
import tempfile
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundglass._core import Note
from groundglass._optional import load


def need(module: str) -> Any:
    """The imported module. Raises ImportError with what to install, MemoryError where there is no room."""
    return load("reading images", module)


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps SimpleITK, pydicom and highdicom from printing: what matters in their warnings is checked and
    said by us."""
    sitk, config = need("SimpleITK"), need("pydicom.config")
    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    logger, verbose = logging.getLogger("pydicom"), logging.getLogger("highdicom")
    disabled, mode, level = logger.disabled, config.settings.reading_validation_mode, verbose.level
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    logger.disabled = True
    verbose.setLevel(logging.CRITICAL + 1)  # it logs patients' names and UIDs, from loggers below this one
    config.settings.reading_validation_mode = config.IGNORE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)
        logger.disabled = disabled
        verbose.setLevel(level)
        config.settings.reading_validation_mode = mode


_stderr = threading.Lock()
#: What libjpeg prints of a damaged stream and then goes on; up to 4 stray bytes are some encoders' padding.
_DAMAGED_JPEG = re.compile(
    rb"^(Corrupt JPEG data: (?!0*[0-4] extraneous)"
    rb"|Premature end of|JPEG datastream|Unsupported marker|Invalid |Bogus )"
)


@dataclass
class Heard:
    """What decoders printed: how many lines, and how many of them tell of a damaged stream. Their text may
    hold names of files, and comes out nowhere."""

    lines: int = 0
    damaged: int = 0

    def note(self) -> Note | None:
        """One note for all lines, None where there were none."""
        if not self.lines:
            return None
        lines = "1 line" if self.lines == 1 else f"{self.lines} lines"
        text = f"The decoder printed {lines} of its own while it decoded the slices, and reported no failure."
        return Note("info", "decoder_message", text)


@contextmanager
def listening() -> Iterator[Heard]:
    """Catches what decoders print to the standard error, the one sign that they made an image of a damaged
    stream, and keeps it from the user's. What other threads print there meanwhile is caught as well. One
    decoding at a time in a process."""
    heard = Heard()
    with _stderr, tempfile.TemporaryFile() as said:
        try:
            saved = os.dup(2)
        except OSError:  # a process without standard error
            yield heard
            return
        try:
            os.dup2(said.fileno(), 2)
            yield heard
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            said.seek(0)
            for line in said:
                if _DAMAGED_JPEG.match(line):
                    heard.damaged += 1
                elif line.strip() and not line.startswith(b"Corrupt JPEG data"):
                    heard.lines += 1


@contextmanager
def readable_names(paths: Sequence[str]) -> Iterator[list[str]]:
    """Names by which SimpleITK can open these files: their own where those are UTF-8, else links to them in a
    temporary folder. Given another name, it ends the process."""
    if all(path.encode(errors="ignore").decode() == path for path in paths):
        yield list(paths)
        return
    with tempfile.TemporaryDirectory(prefix="groundglass-") as folder:
        links = [Path(folder) / f"{number:06d}" for number in range(len(paths))]
        for path, link in zip(paths, links, strict=True):
            link.symlink_to(Path(path).resolve())
        yield [str(link) for link in links]

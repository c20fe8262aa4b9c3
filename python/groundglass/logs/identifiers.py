"""What in a text may name a patient, a study or a file, and the text without it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from groundglass.read.kinds import KINDS, PICTURE_ENDINGS

#: A DICOM UID with the number of its stack, not an address of IPv4.
UID = re.compile(r"(?<![\w.])(?!\d{1,3}(?:\.\d{1,3}){3}(?![\w.]))\d+(?:\.\d+){2,}(?:/\d+)?(?!\w)")

#: A UID, a number as long as those of patients, dates and accessions, and a name in parts as DICOM writes it.
IDENTIFIER = re.compile(UID.pattern + r"|\d{7,}|[^\s'\"]*\^[^\s'\"]*")

#: What was quoted from a file or the command line; the program quotes its own options and commands as well.
_QUOTED = re.compile(r"""(?<!\w)'(?!--|groundglass|pip)[^'\n]*'(?!\w)|"(?!--|groundglass|pip)[^"\n]*\"""")

#: The last parts of the names of files that are read or written.
_ENDINGS = {
    ending.rpartition(".")[2]
    for ending in (*(ending for kind in KINDS.values() for ending in kind.endings), *PICTURE_ENDINGS)
} | {"ima", "img", "raw", "zip", "csv", "tsv", "json", "pt", "pth", "parquet", "txt"}

#: A path, or a file by its ending.
_PATH = re.compile(
    r"""(?<![\w<])(?:[~.]{0,2}/|[A-Za-z]:[\\/])[^\s:;,)]+|[^\s:;,()'"]*[^\s:;,()'"./]/[^\s:;,()'"]*[./][^\s:;,()'"]*"""
    rf"""|[^\s:;,()'"]+\.(?:{"|".join(sorted(_ENDINGS))})(?!\w)""",
    re.IGNORECASE,
)


def without_identifiers(text: str, named: Iterable[str] = ()) -> str:
    """A sentence with "…" for all in it that may name a patient, a study or a file, and for what is `named`.

    That is what it quotes, paths and files, UIDs and their like, numbers of seven digits or more, and DICOM's
    names in parts. What it says otherwise, such as "3 of 40 slices are missing", stays.
    """
    for word in sorted(named, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "…", text)
    for pattern in (_QUOTED, _PATH, IDENTIFIER):
        text = pattern.sub("…", text)
    return text


def without_uids(text: str, instead: str = "(UID withheld)") -> str:
    """A sentence with `instead` for every DICOM UID in it."""
    return UID.sub(instead, text)

"""A patient's identifiers as digests, which compare but do not lead back."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any

#: What tells patients apart; where two studies have it, it must agree.
IDENTIFIERS = ("PatientID", "PatientBirthDate", "PatientSex")
#: A shorter key could be guessed.
LEAST_KEY = 16


def digests(header: Any, key: bytes) -> dict[str, bytes]:
    """A keyed digest of each of :data:`IDENTIFIERS` that a header has; spaces around and case don't count."""
    found = {name: str(getattr(header, name, "") or "").strip().upper() for name in IDENTIFIERS}
    return {
        name: hmac.digest(key, f"{name}={value}".encode(), hashlib.sha256)
        for name, value in found.items()
        if value
    }


def pseudonym(header: Any, key: bytes) -> str | None:
    """The digest of a patient's ID in hexadecimal, None without one.

    Who has the key can tell whether an ID belongs to it; without the key nobody can, since IDs are few enough
    to try a digest without key on all of them.
    """
    found = digests(header, key).get("PatientID")
    return None if found is None else found.hex()


def read_key(path: str | Path) -> bytes:
    """The key in a file, spaces around it left out. Raises :class:`FileNotFoundError`, and ValueError for one
    of less than :data:`LEAST_KEY` bytes."""
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"{path} does not exist")
    key = file.read_bytes().strip()
    if len(key) < LEAST_KEY:
        raise ValueError(
            f"the patient key in {path} has {len(key)} bytes; {LEAST_KEY} random ones are needed"
        )
    return key

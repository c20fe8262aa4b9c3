"""What the page refuses: a code that it can translate, one sentence, and the HTTP status."""

from __future__ import annotations


class Refused(Exception):
    """A request or an upload that can't be taken.

    `code` is in snake_case and stays the same from version to version; `text` is one English sentence
    without any path or name. `retry_after` are seconds, for what may succeed later.
    """

    def __init__(self, code: str, text: str, status: int = 415, retry_after: int | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.status = status
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[type[Refused], tuple[str, str, int, int | None]]:
        return Refused, (self.code, self.text, self.status, self.retry_after)

    def to_dict(self) -> dict[str, str]:
        """The part of an answer that the page reads."""
        return {"code": self.code, "text": self.text}


def not_found() -> Refused:
    """The one answer for what is unknown, expired, deleted and somebody else's alike."""
    return Refused("not_found", "There is no such result, or its time has run out.", 404)

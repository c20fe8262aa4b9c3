"""HTML built from elements, so that nothing gets onto a page unescaped."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from html import escape
from typing import TypeAlias

#: Elements without content and end tag.
VOID = frozenset({"img", "meta", "wbr"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


#: What may stand in an element: other text than :class:`Markup` is escaped, None is nothing.
Content: TypeAlias = "str | int | Iterable[Content] | None"


def el(tag: str, /, *content: Content, **attributes: str | int | None) -> Markup:
    """An element; ``class_`` is ``class``, ``_`` elsewhere ``-``, and None leaves an attribute out."""
    given = "".join(
        f' {key.strip("_").replace("_", "-")}="{text(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if tag in VOID:
        return Markup(f"<{tag}{given}>")
    return Markup(f"<{tag}{given}>{join(content)}</{tag}>")


def join(content: Content) -> Markup:
    """The parts one after the other."""
    if content is None:
        return Markup("")
    if isinstance(content, Markup):
        return content
    if isinstance(content, (str, int)):
        return text(str(content))
    return Markup("".join(join(part) for part in content))


def text(value: str) -> Markup:
    """Escaped for text and for quoted attributes; control characters and lone surrogates are replaced."""
    return Markup(escape("".join(map(_plain, value))))


def _plain(sign: str) -> str:
    return sign if sign in "\t\n" or unicodedata.category(sign) not in ("Cc", "Cs") else "\ufffd"

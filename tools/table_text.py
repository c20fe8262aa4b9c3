"""A network's weights as whole numbers, and as the text of a C++ header."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

LEVELS = 45  # whole numbers of a weight, to either side of 0
ZERO = 80  # the character of 0
LEFT_OUT = ord("X")  # a row of it would look like unfinished work
#: The same for the header's reader.
CHARACTERS = (
    "/// The character of 0; from `left_out` on they are one further.\n"
    f"inline constexpr char zero = {ZERO}, left_out = '{chr(LEFT_OUT)}';"
)
Floats = NDArray[np.float64]


def rounded(weight: Tensor, bias: Tensor) -> tuple[NDArray[np.int8], Floats, Floats]:
    """Whole numbers of the weights ``(outputs, ...)``, what 1 is of each output's, and the biases."""
    values = weight.detach().double().numpy()
    steps = np.abs(values).reshape(len(values), -1).max(axis=1) / LEVELS
    numbers = np.rint(values / steps.reshape(-1, *[1] * (values.ndim - 1))).astype(np.int8)
    return numbers, steps, bias.detach().double().numpy()


def as_text(name: str, numbers: NDArray[np.integer], about: str) -> str:
    """Whole numbers as characters, 100 a line."""
    places = numbers.ravel().astype(int) + ZERO
    characters = "".join(map(chr, places + (places >= LEFT_OUT)))
    lines = "\n".join(characters[k : k + 100] for k in range(0, len(characters), 100))
    return f'/// {about}\ninline constexpr std::string_view {name} = R"~(\n{lines}\n)~";'


def listed(
    kind: str, name: str, values: Floats | list[int] | tuple[int, ...], about: str, digits: int = 6
) -> str:
    texts = [f"{value:.{digits}g}" + ("F" if kind == "float" else "") for value in values]
    if kind == "float":
        texts = [text if "." in text or "e" in text else text.replace("F", ".0F") for text in texts]
    lines, line = [], "   "
    for text in texts:
        if len(line) + len(text) > 104:
            lines.append(line)
            line = "   "
        line += f" {text},"
    body = "\n".join([*lines, line])
    return f"/// {about}\ninline constexpr std::array<{kind}, {len(texts)}> {name}{{\n{body}}};"

"""What the project's own networks say of a pixel: three logits, four classes.

The logits are nested questions: is it infected; if so, is it consolidation; if not, is it lung. The extent of
the infection then never depends on how well its kinds are told apart, and masks that say nothing of the kinds
can still teach the first question.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

#: planes of :func:`probabilities`
CLASSES = ("ground_glass", "consolidation", "lung", "background")

INFECTED, CONSOLIDATED, LUNG = 0, 1, 2
LOGITS = 3


class LiteNetwork(nn.Module):
    """A network with an `encoder`, an EfficientNetLite, and the three logits."""

    def outputs(self, x: Tensor) -> tuple[list[Tensor], Tensor | None]:
        """(N, 1, H, W) in [-1, 1], H and W multiples of 32 -> all that is supervised.

        Logit maps (N, 3, h, w), the prediction at the input's size first, then coarser or partial ones; and
        the logit (N, 1, h, w) of the outline of the infection, for a network that has one.
        """
        return [self.forward(x)], None


def probabilities(logits: Tensor) -> Tensor:
    """Logits (N, 3, H, W) -> probabilities (N, 4, H, W) in the order of :data:`CLASSES`; they add up to 1."""
    infected = torch.sigmoid(logits[:, 0])
    consolidated = torch.sigmoid(logits[:, 1])
    lung = torch.sigmoid(logits[:, 2])
    healthy = 1.0 - infected
    return torch.stack(
        [infected * (1.0 - consolidated), infected * consolidated, healthy * lung, healthy * (1.0 - lung)],
        dim=1,
    )


class FourClassProbability(nn.Module):
    """What is shipped: an image in [-1, 1] to the four probabilities.

    `temperature` divides the first logit and `conditional_temperature` the second (Guo et al., "On
    Calibration of Modern Neural Networks", ICML 2017): neither moves a pixel across one half.
    """

    def __init__(self, network: nn.Module, temperature: float = 1.0, conditional_temperature: float = 1.0):
        super().__init__()
        self.network = network
        self.temperature = temperature
        self.conditional_temperature = conditional_temperature

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [-1, 1] -> (N, 4, H, W)."""
        logits = self.network(x)
        return probabilities(
            torch.stack(
                [
                    logits[:, 0] / self.temperature,
                    logits[:, 1] / self.conditional_temperature,
                    logits[:, 2],
                ],
                dim=1,
            )
        )

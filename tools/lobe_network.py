"""The network that tells lobes from the shape of the lungs: its samples, its training, its whole numbers.

A lung is seen on the cells of its box: their filled share and that of the other lung's, coordinates across,
in depth and in height (the share of the volume below), and the side. Two maps come out: how far above the
oblique and above the horizontal fissure a cell lies, as log odds. ``lungs/detail/lobe_network.hpp`` does the
same.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from table_text import rounded
from torch import Tensor, nn

CELLS = (20, 16, 12)  # of a lung's box: height, depth, across
WIDTHS = (16, 24, 40)  # of the network at the full, half and quarter of the cells
INPUTS = 6
OUTSIDE_SHARE = 0.005  # of the volume lies beyond either end of the box
STEP_MM = 2.5  # the maps are sampled this far apart
COARSE = 2  # maps are deformed on cells of so many steps
DEFORMED = 30  # copies of each map
STEPS, BATCH, RATE, DECAY, DROPPED, AVERAGE = 300, 8, 4e-3, 1e-2, 0.1, 0.98
UNCHANGED = 0.1  # of the samples are maps as they are
Floats = NDArray[np.float64]
Rng = np.random.Generator


@dataclass
class Box:
    """The box of a lung, in voxels, and the share of its volume below the lower face of each slice."""

    low: Floats
    high: Floats
    below: Floats

    @staticmethod
    def of(filled: NDArray[np.floating]) -> Box:
        ends, shares = [], []
        for axis in range(3):
            counts = filled.sum(axis=tuple({0, 1, 2} - {axis}))
            shares.append(np.concatenate([[0], np.cumsum(counts)]) / counts.sum())
            ends.append(
                np.interp((OUTSIDE_SHARE, 1 - OUTSIDE_SHARE), shares[-1], np.arange(len(shares[-1])) - 0.5)
            )
        low, high = np.array(ends).T
        return Box(low, high, shares[0])

    def height(self, slices: Floats) -> Floats:
        return np.interp(slices + 0.5, np.arange(len(self.below)), self.below)

    def slice(self, heights: Floats) -> Floats:
        return np.interp(heights, self.below, np.arange(len(self.below)) - 0.5)

    def coordinates(self, at: Floats) -> tuple[Floats, Floats, Floats]:
        """Across, depth and height of voxels ``(n, 3)``."""
        share = (at - self.low) / (self.high - self.low)
        return share[:, 2], share[:, 1], self.height(at[:, 0])

    def on_cells(self, shares: NDArray[np.floating]) -> NDArray[np.float32]:
        """Means of ``(kinds, slice, row, column)`` over the cells, 0 beyond."""
        result = shares.astype(np.float32)
        for axis, cells in enumerate(CELLS):
            size = result.shape[axis + 1]
            edges = np.linspace(self.low[axis], self.high[axis], cells + 1)
            voxel = np.arange(size)
            cover = np.diff(np.clip(edges[:, None], voxel - 0.5, voxel + 0.5), axis=0)
            cover = (cover / ((self.high[axis] - self.low[axis]) / cells)).astype(np.float32)
            result = np.moveaxis(np.tensordot(cover, result, axes=(1, axis + 1)), 0, axis + 1)
        return np.ascontiguousarray(result)

    def heights(self) -> NDArray[np.float32]:
        """Of the cells' rows."""
        share = (np.arange(CELLS[0]) + 0.5) / CELLS[0]
        return self.height(self.low[0] + share * (self.high[0] - self.low[0])).astype(np.float32)


@dataclass
class Samples:
    """Of each map, as it is and deformed: shares ``(map, copy, side, lobe, *CELLS)`` of upper, middle and
    lower lobe, and heights ``(map, copy, side, CELLS[0])``; right before left."""

    shares: NDArray[np.float16]
    heights: NDArray[np.float32]


def samples_of(
    maps: list[tuple[NDArray[np.int8], NDArray[np.int8]]], rng: Rng, copies: int = DEFORMED
) -> Samples:
    """From labels of the right and the left lung of each map, 1 upper, 2 middle, 3 lower, 0 none."""
    shares = np.zeros((len(maps), copies + 1, 2, 3, *CELLS), np.float16)
    heights = np.zeros((len(maps), copies + 1, 2, CELLS[0]), np.float32)

    def put(place: tuple[int, int, int], kinds: NDArray[np.floating]) -> None:
        box = Box.of(kinds.sum(axis=0))
        shares[place], heights[place] = box.on_cells(kinds), box.heights()

    for i, sides in enumerate(maps):
        whole = [np.stack([labels == k for k in (1, 2, 3)]).astype(np.float32) for labels in sides]
        coarse = [halved(kinds) for kinds in whole]
        for side, kinds in enumerate(whole):
            put((i, 0, side), kinds)
        for k in range(1, copies + 1):
            matrix, amplitude = turned_and_sheared(rng), rng.uniform(2, 9)
            for side, kinds in enumerate(coarse):
                own = matrix + rng.normal(size=(3, 3)) * 0.015
                put((i, k, side), deformed(torch.from_numpy(kinds), own, amplitude, rng).numpy())
    return Samples(shares, heights)


def halved(kinds: NDArray[np.float32]) -> NDArray[np.float32]:
    kinds = np.pad(kinds, [(0, 0)] + [(0, s % COARSE) for s in kinds.shape[1:]])
    n, z, y, x = kinds.shape
    parts = kinds.reshape(n, z // COARSE, COARSE, y // COARSE, COARSE, x // COARSE, COARSE)
    return np.asarray(parts.mean(axis=(2, 4, 6)))


def turned_and_sheared(rng: Rng) -> Floats:
    x, y, z = rng.normal(size=3) * np.deg2rad(5)
    turns = [
        np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]]),
        np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]),
        np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]]),
    ]
    return np.asarray(turns[0] @ turns[1] @ turns[2] @ (np.eye(3) + rng.normal(size=(3, 3)) * 0.04))


def deformed(kinds: Tensor, matrix: Floats, amplitude_mm: float, rng: Rng) -> Tensor:
    """Lobes that another chest could have: `matrix` and a smooth displacement; often another outline too."""
    x = F.pad(kinds, (3,) * 6)
    size = tuple(x.shape[1:])
    knots = torch.from_numpy(rng.normal(size=(1, 3, 5, 4, 4)).astype(np.float32))
    field = F.interpolate(knots, size=(9, 7, 7), mode="trilinear", align_corners=True)
    field = F.avg_pool3d(F.pad(field, (1,) * 6, mode="replicate"), 3, 1)
    field = F.interpolate(field, size=size, mode="trilinear", align_corners=True)[0]
    field = field / field.std() * amplitude_mm / (COARSE * STEP_MM)
    middle = ((torch.tensor(size, dtype=torch.float32) - 1) / 2)[:, None, None, None]
    places = torch.stack(torch.meshgrid(*[torch.arange(n, dtype=torch.float32) for n in size], indexing="ij"))
    places = (
        torch.einsum("ab,bzyx->azyx", torch.from_numpy(matrix.astype(np.float32)), places - middle) + field
    )
    lattice = (places / middle).permute(1, 2, 3, 0)[None][..., [2, 1, 0]]
    moved = F.grid_sample(x[None], lattice, align_corners=True, padding_mode="zeros")
    if rng.uniform() < 0.7:
        blurred = F.avg_pool3d(moved, 3, 1, padding=1)
        filled = blurred.sum(dim=1, keepdim=True)
        moved = blurred / (filled + 1e-4) * ((filled - rng.uniform(0.3, 0.7)) * 4 + 0.5).clamp(0, 1)
    return moved[0]


class Block(nn.Sequential):
    def __init__(self, inputs: int, outputs: int):
        convolution = nn.Conv3d(inputs, outputs, 3, padding=1, bias=False)
        super().__init__(convolution, nn.BatchNorm3d(outputs), nn.ReLU(inplace=True))


class Network(nn.Module):
    """(N, INPUTS, *CELLS) -> (N, 2, *CELLS)."""

    def __init__(self) -> None:
        super().__init__()
        fine, middle, coarse = WIDTHS
        self.fine = Block(INPUTS, fine)
        self.middle = nn.Sequential(Block(fine, middle), Block(middle, middle))
        self.coarse = nn.Sequential(Block(middle, coarse), Block(coarse, coarse))
        self.back = Block(middle + coarse, middle)
        self.last = Block(fine + middle, fine)
        self.drop = nn.Dropout3d(DROPPED)
        self.mix = nn.Conv3d(fine, 2, 1)
        nn.init.normal_(self.mix.weight, std=0.02)
        assert self.mix.bias is not None
        nn.init.zeros_(self.mix.bias)
        self.plane = nn.Parameter(torch.tensor(8.0))

    def forward(self, x: Tensor) -> Tensor:
        def doubled(y: Tensor) -> Tensor:
            return F.interpolate(y, scale_factor=2.0, mode="trilinear", align_corners=False)

        fine = self.fine(x)
        middle = self.middle(F.avg_pool3d(fine, 2))
        coarse = self.drop(self.coarse(F.avg_pool3d(middle, 2)))
        y = self.back(torch.cat([middle, doubled(coarse)], 1))
        y = self.mix(self.last(torch.cat([fine, doubled(y)], 1)))
        plane = torch.stack([x[:, 4] - x[:, 3], x[:, 4]], 1) / 2
        result: Tensor = y + self.plane * plane
        return result


def seen(samples: Samples, maps: NDArray[np.intp], copies: NDArray[np.intp]) -> tuple[Tensor, Tensor]:
    """What the network sees of `n` samples, n right lungs before n left ones, and the lobes' shares there."""
    shares = torch.from_numpy(samples.shares[maps, copies].astype(np.float32))
    heights = torch.from_numpy(samples.heights[maps, copies])
    filled = shares.sum(dim=2)
    centres = [torch.from_numpy((2 * (np.arange(n) + 0.5) / n - 1).astype(np.float32)) for n in CELLS]
    one = torch.ones(len(maps), *CELLS)
    rows = [
        torch.stack(
            [
                filled[:, side],
                filled[:, 1 - side],
                one * centres[2],
                one * centres[1][:, None],
                one * (2 * heights[:, side] - 1)[:, :, None, None],
                one * (1 - 2 * side),
            ],
            dim=1,
        )
        for side in (0, 1)
    ]
    return torch.cat(rows), torch.cat([shares[:, 0], shares[:, 1]])


def loss(above: Tensor, shares: Tensor) -> Tensor:
    """Cross entropy and soft Dice of the lobes; the first half of the batch are right lungs."""
    upper, lower = F.logsigmoid(above[:, 0]), F.logsigmoid(-above[:, 0])
    over, under = F.logsigmoid(above[:, 1]), F.logsigmoid(-above[:, 1])
    n = len(above) // 2
    total = above.new_zeros(())
    for found, true in (
        (torch.stack([upper + over, upper + under, lower], 1)[:n], shares[:n]),
        (torch.stack([upper, lower], 1)[n:], torch.stack([shares[n:, 0], shares[n:, 2]], 1)),
    ):
        total = total - ((true * found).sum((1, 2, 3, 4)) / true.sum((1, 2, 3, 4))).mean()
        likely = found.exp() * true.sum(1, keepdim=True)
        both = 2 * torch.minimum(likely, true).sum((2, 3, 4))
        total = total + (1 - both / (likely.sum((2, 3, 4)) + true.sum((2, 3, 4)))).mean()
    return total


def trained(samples: Samples, maps: NDArray[np.intp], steps: int = STEPS, seed: int = 0) -> Network:
    """From the maps named; the averaged weights."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = Network()
    weights = [p for p in network.parameters() if p.dim() > 1]
    others = [p for p in network.parameters() if p.dim() <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": weights, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}], RATE
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps, pct_start=0.15)
    keep = torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGE)
    average = torch.optim.swa_utils.AveragedModel(network, multi_avg_fn=keep, use_buffers=True)
    order: list[int] = []
    for _ in range(steps):
        if len(order) < BATCH:
            order += list(rng.permutation(maps))
        chosen, order = np.array(order[:BATCH]), order[BATCH:]
        copies = rng.integers(1, DEFORMED + 1, BATCH)
        copies[rng.uniform(size=BATCH) < UNCHANGED] = 0
        x, shares = seen(samples, chosen, copies)
        network.train()
        value = loss(network(x), shares)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        schedule.step()
        average.update_parameters(network)
    result = average.module
    assert isinstance(result, Network)
    return result.eval()


def units(network: Network) -> list[tuple[NDArray[np.int8], Floats, Floats]]:
    """Whole numbers ``(outputs, inputs, 3, 3, 3)``, steps and biases of each layer, batch norm folded in."""
    result = []
    for block in (network.fine, *network.middle, *network.coarse, network.back, network.last):
        convolution, norm = block[0], block[1]
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        result.append(
            rounded(
                convolution.weight * gain[:, None, None, None, None], norm.bias - norm.running_mean * gain
            )
        )
    result.append(rounded(network.mix.weight, network.mix.bias))
    return result


def of_whole_numbers(network: Network) -> Network:
    """The network that the table holds."""
    result = copy.deepcopy(network)
    blocks = (result.fine, *result.middle, *result.coarse, result.back, result.last)
    with torch.no_grad():
        for block, (numbers, steps, bias) in zip(blocks, units(network), strict=False):
            block[0].weight.copy_(torch.from_numpy(numbers * steps[:, None, None, None, None]))
            norm = block[1]
            norm.running_mean.zero_()
            norm.running_var.fill_(1 - norm.eps)
            norm.weight.fill_(1)
            norm.bias.copy_(torch.from_numpy(bias))
        numbers, steps, _ = units(network)[-1]
        result.mix.weight.copy_(torch.from_numpy(numbers * steps[:, None, None, None, None]))
    return result.eval()


@torch.inference_mode()
def above_fissures(network: Network, samples: Samples, index: int) -> NDArray[np.float32]:
    """``(side, fissure, *CELLS)`` of a map as it is."""
    x, _ = seen(samples, np.array([index]), np.array([0]))
    result: NDArray[np.float32] = network(x).numpy()
    return result

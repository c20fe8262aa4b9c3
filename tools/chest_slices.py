"""Trains the network that tells a slice through the lungs from any other picture; writes its table.

    python tools/chest_slices.py DATA --others FOLDER [--others FOLDER] \\
        [--table src/segmentation/chest_slice_table.hpp]

DATA holds ``covid-semiseg`` (its pseudo-labelled slices are learned from, its labelled ones measured with)
and the CTs of ``lctsc``, ``covid-ct-md``, ``chest-imaging-platform`` and ``totalsegmentator``. FOLDER holds
pictures of anything else, and MRI as NIfTI: the examples that come with Pillow, scikit-image, scikit-learn,
Matplotlib, nilearn and DIPY, icons and pages of documentation served. A quarter of their folders is measured
with alone.
Needs torch, matplotlib, nibabel and Pillow; about an hour on one core.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import matplotlib
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from slice_pictures import LUNG, MAPS, SOFT, WIDE, Drawing, Grey, Pictures, load, noise, windowed
from table_text import CHARACTERS, as_text, listed, rounded
from torch import Tensor, nn

SIDE = 64  # of what the network sees
WIDTHS = (16, 24, 32, 48, 64)
BATCH, RATE, DECAY, DROPPED, AVERAGE = 64, 4e-3, 1e-2, 0.2, 0.995
STEPS, CYCLES = 7000, 2
#: Below this a picture is called no slice: two in a hundred of the measured slices lie lower.
LEAST = 0.2
Floats = NDArray[np.float64]


class Network(nn.Module):
    """Convolutions that halve the picture down to 4 x 4; all of these maps and the greatest value of each."""

    def __init__(self) -> None:
        super().__init__()
        before = (1, *WIDTHS[:-1])
        self.body = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(i, o, 3, 1 if i == 1 else 2, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU()
                )
                for i, o in zip(before, WIDTHS, strict=True)
            )
        )
        self.drop = nn.Dropout(DROPPED)
        self.last = nn.Linear(WIDTHS[-1] * 17, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, SIDE, SIDE) in [-1, 1] -> N log odds."""
        maps = self.body(x)
        return self.last(self.drop(torch.cat([maps.flatten(1), maps.amax((2, 3))], 1)))[:, 0]


def seen(grey: Grey) -> NDArray[np.float32]:
    image = Image.fromarray(grey.astype(np.float32)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(image) / np.float32(127.5) - 1


def trained(pictures: Pictures, steps: int, checkpoint: Path | None = None) -> Network:
    """The averaged weights; a run that was cut off goes on from `checkpoint`."""
    torch.manual_seed(0)
    drawing, network = Drawing(pictures), Network()
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    cycle = steps // CYCLES
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, cycle)
    keep = torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGE)
    average = torch.optim.swa_utils.AveragedModel(network, multi_avg_fn=keep, use_buffers=True)
    parts = {"network": network, "average": average, "optimiser": optimiser, "schedule": schedule}
    first = 0
    if checkpoint is not None and checkpoint.exists():
        state = torch.load(checkpoint)
        first = state.pop("step")
        for name, part in parts.items():
            part.load_state_dict(state[name])
    began, losses = time.perf_counter(), []
    for step in range(first, CYCLES * cycle):
        if step and step % cycle == 0:
            rate = RATE / (1 + step // cycle)
            schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, cycle)
        rng = np.random.default_rng([step, 5])
        drawn = [drawing.draw(rng) for _ in range(BATCH)]
        x = np.stack([seen(grey) for grey, _ in drawn])
        x += rng.normal(0, 1, x.shape).astype(np.float32) * rng.choice(
            [0.0, 0.0, 0.05, 0.1, 0.2], (BATCH, 1, 1)
        ).astype(np.float32)
        true = torch.tensor([is_slice for _, is_slice in drawn], dtype=torch.float32)
        loss = F.binary_cross_entropy_with_logits(network(torch.from_numpy(x)[:, None]), 0.98 * true + 0.01)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        average.update_parameters(network)
        losses.append(float(loss.detach()))
        if step % 100 == 99:
            print(f"{step + 1} {np.mean(losses[-100:]):.4f} {time.perf_counter() - began:.0f} s", flush=True)
            if checkpoint is not None:
                parts["schedule"] = schedule
                torch.save({"step": step + 1} | {n: p.state_dict() for n, p in parts.items()}, checkpoint)
    result = average.module
    assert isinstance(result, Network)
    return result.eval()


def units(network: Network) -> list[tuple[NDArray[np.int8], Floats, Floats]]:
    """Whole numbers, steps and biases of each layer, batch norm folded in."""
    result = []
    for block in network.body:
        norm = block[1]
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        weight = block[0].weight * gain[:, None, None, None]
        result.append(rounded(weight, norm.bias - norm.running_mean * gain))
    result.append(rounded(network.last.weight, network.last.bias))
    return result


@torch.inference_mode()
def probabilities(network: Network, pictures: list[Grey]) -> NDArray[np.float32]:
    """By the whole numbers of the table."""
    x = torch.from_numpy(np.stack([seen(grey) for grey in pictures]))[:, None]
    *body, (numbers, steps, bias) = units(network)
    for k, layer in enumerate(body):
        weight = torch.from_numpy(layer[0] * layer[1][:, None, None, None]).float()
        x = F.relu(F.conv2d(x, weight, torch.from_numpy(layer[2]).float(), 1 if k == 0 else 2, 1))
    both = torch.cat([x.flatten(1), x.amax((2, 3))], 1)
    odds = F.linear(both, torch.from_numpy(numbers * steps[:, None]).float(), torch.from_numpy(bias).float())
    found: NDArray[np.float32] = torch.sigmoid(odds[:, 0]).numpy()
    return found


def report(network: Network, held: Pictures) -> None:
    """What is called wrong of pictures that were not learned from."""
    rng = np.random.default_rng(1)
    tones = ((1.6, 0.1), (0.6, 0.0), (1.0, 0.2), (1.0, -0.2))
    crops = ((0.1, 0.9, 0.1, 0.9), (0.2, 0.95, 0.0, 1.0), (0.0, 0.8, 0.05, 0.95), (0.15, 0.85, 0.2, 1.0))
    tables = [
        (matplotlib.colormaps[name](np.arange(256))[:, :3] @ [76.245, 149.685, 29.07]).astype(np.uint8)
        for name in MAPS[9:]
    ]
    slices = held.slices
    toned = [
        (np.clip((grey / 255 - 0.5) * gain + 0.5 + shift, 0, 1) * 255).astype(np.uint8)
        for grey in slices
        for gain, shift in tones
    ]
    parts = [
        grey[int(h * top) : int(h * bottom), int(w * left) : int(w * right)]
        for grey in slices
        for h, w in [grey.shape]
        for top, bottom, left, right in crops
    ]
    true = {
        "labelled": slices,
        "other contrast": toned,
        "other colours": [table[grey] for grey in slices for table in tables],
        "inverted": [255 - grey for grey in slices],
        "cut": parts,
        "turned by 90": [np.rot90(grey) for grey in slices],
    }
    drawing = Drawing(held)
    false = {
        "any pictures": held.others,
        "MRI": held.magnetic,
        "abdomen": [windowed(plane, *SOFT) for planes in held.abdomens for plane in planes],
        "noise and shapes": [noise(rng) for _ in range(200)],
        "pages": [drawing.page(rng) for _ in range(200)],
        "scrambled": [drawing.scrambled(rng) for _ in range(200)],
        "beyond the lungs": [drawing.beyond(rng) for _ in range(100)],
        "other planes": [drawing.other_plane(rng) for _ in range(200)],
    }
    for name, volume in held.volumes.items():
        through = volume.hounsfield[volume.lungs.mean((1, 2)) > 0.05]
        for about, window in (("lung", LUNG), ("soft tissue", SOFT), ("wide", WIDE)):
            true[f"{name} {about}"] = [windowed(plane, *window) for plane in through]
    for about, kinds in (("slices", true), ("others", false)):
        for name, pictures in kinds.items():
            if not pictures:
                continue
            found = probabilities(network, pictures)
            wrong = found < LEAST if about == "slices" else found >= LEAST
            worst = found.min() if about == "slices" else found.max()
            share, count = 100 * wrong.mean(), len(found)
            print(f"  {about:7s} {name:32s} {count:4d}  wrong {share:5.1f} %  worst {worst:.3f}")


def header(network: Network) -> str:
    layers = units(network)
    lines = [
        "#pragma once",
        "",
        "// Made by tools/chest_slices.py. TRAINED ON DATA FOR NON-COMMERCIAL USE (COVID-SemiSeg), and",
        "// for such use alone, unlike the code; docs/explanation/pictures.md says what it learned from.",
        "// clang-format off",
        "",
        "#include <array>",
        "#include <cstddef>",
        "#include <string_view>",
        "",
        "namespace groundglass::segmentation::chest_slice_table {",
        "",
        f"/// Of the picture that the network sees.\ninline constexpr std::size_t side = {SIDE};",
        listed("std::size_t", "widths", WIDTHS, "Maps of each layer; each but the first halves the picture."),
        CHARACTERS,
        listed(
            "float", "steps", np.concatenate([s for _, s, _ in layers]), "What 1 is of each map's weights."
        ),
        listed("float", "biases", np.concatenate([b for _, _, b in layers]), "Of each map."),
        as_text("weights", np.concatenate([n.ravel() for n, _, _ in layers]), "Layer, map, map before, tap."),
        "",
        "} // namespace groundglass::segmentation::chest_slice_table",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--others", type=Path, action="append", required=True)
    parser.add_argument("--table", type=Path, help="the header to write")
    parser.add_argument("--steps", type=int, default=STEPS, help="of 64 pictures; default: %(default)s")
    parser.add_argument("--checkpoint", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    pictures, held = (load(options.data, options.others, which) for which in (False, True))
    counts = [
        f"{len(p.slices)} slices, {len(p.others)} pictures, {len(p.magnetic)} MRI" for p in (pictures, held)
    ]
    print(f"  learned from {counts[0]}; measured with {counts[1]}", flush=True)
    network = trained(pictures, options.steps, options.checkpoint)
    report(network, held)
    if options.table:
        options.table.write_text(header(network), encoding="utf-8")
        print(f"  {options.table}: {options.table.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Import of public checkpoints of the published networks; importing this package imports torch.

>>> from groundglass.models.importer import import_checkpoint
>>> import_checkpoint("Semi-Inf-Net-100.pth", "inf-net", "semi-inf-net.pt")  # doctest: +SKIP
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundglass.errors import ModelError
from groundglass.models.importer import convert
from groundglass.models.importer.architectures import ARCHITECTURES, Architecture, architecture
from groundglass.models.importer.checkpoint import read_tensors
from groundglass.models.importer.fitting import load_network
from groundglass.models.model_file import as_text, save_torchscript
from groundglass.models.package_file import save_aoti
from groundglass.write import OutputExistsError, atomic_file

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "ImportedModel",
    "architecture",
    "import_checkpoint",
    "load_network",
    "read_tensors",
]


@dataclass(frozen=True)
class ImportedModel:
    """The files that an import wrote: `path` (TorchScript) and, if asked for, `compiled` (AOTInductor)."""

    path: Path
    compiled: Path | None
    contract: dict[str, Any]


def import_checkpoint(
    checkpoint: str | Path,
    architecture: str,
    out: str | Path,
    *,
    half: bool = False,
    aoti: bool = False,
    output: convert.Output = "probability",
    name: str | None = None,
    version: str = "1",
    training_data: str | None = None,
    licence: str | None = None,
    origin: str | None = None,
    overwrite: bool = False,
) -> ImportedModel:
    """Write a model file from a public checkpoint of a published network.

    `checkpoint` is a ``.pth`` or ``.pkl`` file as torch wrote it, of any release, from any device: a state
    dictionary, a training checkpoint with one inside, or a whole pickled network. `architecture` is a key of
    :data:`ARCHITECTURES`. `out` ends in ``.pt``; with `aoti` a second file of the same name ending in
    ``.pt2`` is compiled for this machine and torch release.

    The model takes float32 (N, C, H, W) of any size, normalised as its contract says, and returns (N, K, H,
    W), one map a class: probabilities, or with ``output="logits"`` what they are made of. With `half` the
    convolutions are rounded to half precision, which halves the file. `name`, `version`, `training_data`,
    `licence` and `origin` go into the contract; without them it says what is known of the published weights.

    Nothing in the checkpoint is run, and each file appears whole or not at all. Raises
    :class:`~groundglass.errors.ModelError` for a checkpoint that is damaged, would run code or does not fit
    the architecture, ``ValueError`` for a wrong option, ``OutputError`` where nothing can be written. Takes
    seconds; with `aoti` minutes.
    """
    path = Path(out)
    if path.suffix != ".pt":
        raise ValueError(f"out is {str(out)!r}, expected a file name that ends in .pt")
    if output not in ("probability", "logits"):
        raise ValueError(f"output is {output!r}, expected 'probability' or 'logits'")
    second = path.with_suffix(".pt2") if aoti else None
    for target in (path, second):
        # Known before the work, which may take minutes.
        if target is not None and target.exists() and not overwrite:
            raise OutputExistsError(
                f"the output file {target} exists; choose another name, or remove it first"
            )
    network = load_network(checkpoint, architecture)
    entry = ARCHITECTURES[architecture]
    if half:
        try:
            convert.round_to_half(network)
        except ModelError as error:
            raise ModelError(f"{checkpoint}: {error}") from error
    description = convert.contract(
        entry,
        output=output,
        name=name,
        version=version,
        training_data=training_data,
        licence=licence,
        origin=origin,
    )
    module = convert.deployed(network, entry, output=output)
    with ExitStack() as files:
        temporary = files.enter_context(atomic_file(path, overwrite=overwrite))
        stored = convert.with_half_convolutions(module) if half else module
        save_torchscript(stored, temporary, as_text(description), root=entry.name)
        if second is not None:
            save_aoti(module, files.enter_context(atomic_file(second, overwrite=overwrite)), description)
    return ImportedModel(path, second, description)

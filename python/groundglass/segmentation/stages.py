"""The stages that run networks. Importing this module loads LibTorch."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from groundglass import _core, weights
from groundglass._core import preset_settings
from groundglass._optional import found_no_room, make_room, not_imported
from groundglass._run import Steps, interruptible
from groundglass.errors import Cancelled
from groundglass.html.stages import stage
from groundglass.segmentation.devices import Device
from groundglass.segmentation.image_lesions import ImageLesions
from groundglass.segmentation.presets import Preset

if TYPE_CHECKING:
    from groundglass._core import CtVolume, LesionCt, LungCt

__all__ = [
    "Cancelled",
    "Ensemble",
    "InfNet",
    "Lungs",
    "chest_slice_probability",
    "measure_likeness",
    "try_model",
]

Model = str | Path


def _minor(version: str) -> str:
    """``"2.13.0+cpu"`` -> ``"2.13"``."""
    match = re.match(r"\d+\.\d+", version)
    return match.group() if match else version


def _trouble(built: str | None, found: str | None) -> str | None:
    """Why LibTorch `found` can't serve a module built with `built`, and the cure; None where it can.

    `built` is None where there is no compiled module and empty where it is not known, `found` is None where
    there is no torch.
    """
    if built is None:
        return (
            "this groundglass was built without its segmentation component; install a wheel that has it, or "
            "build with torch installed and GROUNDGLASS_SEGMENTATION=ON"
        )
    cure = f"pip install 'torch=={_minor(built)}.*'" if built else "pip install torch"
    if found is None:
        return f"groundglass.segmentation needs LibTorch {_minor(built)}, and no torch is installed; {cure}"
    if built and _minor(found) != _minor(built):
        return (
            f"groundglass.segmentation was built with torch {built}, and torch {found} is installed; the "
            f"minor versions must agree: {cure}"
        )
    return None


def _installed_torch() -> str | None:
    """The version of the installed torch, without importing it."""
    if importlib.util.find_spec("torch") is None:
        return None
    try:
        return importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        import torch  # a build without metadata

        return str(torch.__version__)


def _load() -> Any:
    """The compiled module, or an ImportError that a user can act on."""
    compiled = importlib.util.find_spec("groundglass._segmentation") is not None
    trouble = _trouble(getattr(_core, "torch_version", "") if compiled else None, _installed_torch())
    if trouble is not None:
        raise ImportError(trouble)
    make_room("groundglass._segmentation", 450)
    try:
        from groundglass import _segmentation
    except ImportError as error:
        if found_no_room(error):
            raise not_imported(error, "") from error
        # LibTorch lies elsewhere than beside groundglass; importing torch brings it into the process.
        import torch  # noqa: F401

        try:
            from groundglass import _segmentation
        except ImportError as error:
            trouble = (
                f"the compiled part of groundglass.segmentation can't be loaded ({error}); "
                "reinstall groundglass"
            )
            raise not_imported(error, trouble) from error
    return _segmentation


if TYPE_CHECKING:
    from groundglass import _segmentation
else:
    _segmentation = _load()


@contextmanager
def _cancelling() -> Iterator[None]:
    """Turns the compiled module's exception of a stopped run into the one there is for all."""
    try:
        yield
    except _segmentation.Cancelled as error:
        raise Cancelled(str(error)) from None


def try_model(model: Model) -> None:
    """Loads a model, a bundled one's name or a file, and runs it once on an image of air.

    Raises :class:`groundglass.ModelError` for one that can't be found or verified, is damaged, was compiled
    for another torch, machine or image, or gives what its contract does not say. A model file is a program:
    try only files you trust.
    """
    path = str(weights.find(model).path)
    interruptible(lambda: _segmentation.try_model(path))


#: Below this probability a picture is not taken for a slice through the lungs.
LEAST_CHEST_SLICE_PROBABILITY: float = _segmentation.LEAST_CHEST_SLICE_PROBABILITY


def chest_slice_probability(grey: npt.NDArray[np.uint8]) -> float:
    """How likely a picture, uint8 (height, width), is an axial CT slice through the lungs, 0 to 1.

    Any window, colour scheme as grey, quarter turn, or part with most of the lungs will do. Below
    ``LEAST_CHEST_SLICE_PROBABILITY`` groundglass gives neither percentage nor grade. By a small network
    inside the library, about 3 ms; :doc:`/explanation/pictures` says how often it errs. Raises ValueError for
    an array of other dimensions or without pixels, TypeError for other values.
    """
    return _segmentation.chest_slice_probability(grey)


def measure_likeness(lungs: LungCt) -> dict[str, float]:
    """How far a study is from those that the networks learned from.

    ``slice_mm``; ``noise_hu``, the spread of neighbouring voxels of tissue; ``tissue_share``, of the tissue
    in the box of the lungs, with HU of fat or soft tissue; ``spine_offset``, how far bone lies behind the
    lungs' centre as a share of their depth; ``metal_ml``, above 2500 HU; and ``unlikeness``, 1 where the
    farthest of them reaches its limit. The segmentation stages warn above 1, by the note ``unlike_training``.
    All 0 without lung. :doc:`/explanation/unlike-training` says what this tells and what not. About 60 ms.
    """
    return _segmentation.measure_likeness(lungs)


class Ensemble(_segmentation.Ensemble):
    """The stage from a CT with lungs to ground glass and consolidation, by one or several networks.

    Every slice with lung in it is cropped to the box around all lungs, windowed and resized as the model's
    contract says; the probabilities are mapped back to the CT's grid, averaged over models and close
    slices, and thresholded inside the lungs. A lesion has the class of the larger probability.

    `models`: None for the mean of both bundled ones, a bundled model's name, a file, or a list of these,
    whose probabilities are averaged. A model file is a program: load only files you trust.
    `threads`: slices computed at a time, one thread each; 0 for one on each core. No setting of torch is
    touched.
    `bfloat16`: compute in bfloat16, for CPUs with AMX; slower on others, and probabilities move a little.
    `threshold`: a voxel is a lesion where both probabilities add up to this, in (0, 1].
    `average_mm`: slices up to this far away are averaged (0 to 20 mm); 0 takes each slice for itself.
    `minimum_lesion_ml`: smaller connected lesions are dropped.
    `views`: ways in which each model looks at a slice, whose answers are averaged: 1 as it is, 2 also
    mirrored left to right, 4 all flips, 8 all flips and quarter turns. Costs that many times the time.
    `long_edge`: pixels of the longer edge that slices are resized to, 64 to 1024; 0 is as the contract says.
    `keep_probabilities`: keeps both probabilities of each lung voxel in the result, uint8 in 255ths.
    `device`: ``"auto"``, ``"cpu"`` or ``"cuda"``. On a CUDA device slices run in batches, as many as its free
    memory holds; where it is absent or fails the CPU takes over, with the warning ``device_fallback``, and
    `runs_on` says where the networks are. Not tried on a GPU yet.
    `as_published`: what :meth:`compatible` sets.

    A four-class network of 42-EPOCHS, imported by ``groundglass models import``, is given the whole slice at
    its own size, clipped and normalised as its contract says; the rest is the same.

    Where the contracts of all models hold a calibration, ``uncertainty`` of the result holds nested lesions,
    one for each of its levels, of which :class:`groundglass.InvolvementUncertainty` makes intervals; with
    several models or views also how many lesion voxels each of them finds by itself.

    Raises :class:`groundglass.ModelError` for a model that can't be found, verified or used, ValueError
    for an option out of range. Cost: the network's time for each slice with lung (some 40 ms on one core
    for ensemble-lite), times `views`; memory: one byte a voxel, three with probabilities, one more for a
    calibration, and some tens of MB a thread.
    """

    def __init__(
        self,
        models: Model | Sequence[Model] | None = None,
        *,
        threads: int = 0,
        bfloat16: bool = False,
        threshold: float = 0.5,
        average_mm: float = 4.5,
        minimum_lesion_ml: float = 0.05,
        views: int = 1,
        long_edge: int = 0,
        keep_probabilities: bool = False,
        device: Device = "auto",
        as_published: bool = False,
    ) -> None:
        if models is None:
            files = weights.defaults()
        else:
            named = [models] if isinstance(models, (str, Path)) else models
            files = [weights.find(model) for model in named]
        make = super().__init__
        interruptible(
            lambda: make(
                [str(file.path) for file in files],
                threads=threads,
                bfloat16=bfloat16,
                threshold=threshold,
                average_mm=average_mm,
                minimum_lesion_ml=minimum_lesion_ml,
                views=views,
                long_edge=long_edge,
                keep_probabilities=keep_probabilities,
                device=device,
                as_published=as_published,
            )
        )

    @classmethod
    def preset(cls, name: Preset, *, threads: int = 0, device: Device = "auto") -> Ensemble:
        """The stage of a preset, ``"fast"``, ``"standard"`` or ``"best"``."""
        settings = preset_settings(name)
        return cls(
            settings["models"],
            threads=threads,
            views=settings["views"],
            long_edge=settings["long_edge"],
            device=device,
        )

    @classmethod
    def compatible(
        cls,
        model: Model,
        *,
        threads: int = 0,
        bfloat16: bool = False,
        keep_probabilities: bool = False,
        device: Device = "auto",
    ) -> Ensemble:
        """The stage that follows 42-EPOCHS to the letter, for one of its imported four-class networks.

        Every slice is taken, whole, resized as OpenCV does it and normalised by its own spread. A voxel has
        the class of the largest probability, mapped back pixel by pixel: no lung mask, no threshold, no
        averaging, and nothing is dropped, so lesions can lie beyond the lungs. Raises as the constructor,
        and ModelError for a model that is not a four-class one.
        """
        return cls(
            model,
            threads=threads,
            bfloat16=bfloat16,
            average_mm=0.0,
            minimum_lesion_ml=0.0,
            keep_probabilities=keep_probabilities,
            device=device,
            as_published=True,
        )

    def __call__(self, lungs: LungCt) -> LesionCt:
        """`lungs` -> lesions in the same grid. Raises :class:`groundglass.ModelError` if a network fails."""
        return super().__call__(lungs)

    def run(self, lungs: LungCt, *, progress: Steps | None = None) -> LesionCt:
        """The same with ``progress(slices done, slices in all)``, at the start and as slices get done.

        An answer of False stops the run with :class:`Cancelled`; an exception in `progress` and Ctrl-C
        stop it too.
        """
        with _cancelling():
            return super().run(lungs, progress=progress)

    def segment_image(
        self, image: npt.NDArray[Any], *, window: tuple[float, float] | None = None
    ) -> npt.NDArray[np.float32]:
        """One slice (height, width) -> float32 (2, height, width): ground glass, consolidation; 0 to 1.

        A uint8 image is taken as a picture shows it, 0 black and 255 white; other numbers are HU, of which
        each model takes its own window, or `window` = (low, high) when given; a four-class model of
        42-EPOCHS takes the values as they are, or clipped to `window`. The whole image is taken: there is no
        lung mask. Runs on the calling thread and as many more as torch is set to. Raises
        ValueError for another shape, TypeError for another kind of numbers.
        """
        return super().segment_image(image, window=window)

    def find_in_image(
        self, image: npt.NDArray[Any], *, window: tuple[float, float] | None = None
    ) -> ImageLesions:
        """The same with the labels and, where the networks tell, the lungs.

        Lesion is where both probabilities reach `threshold` together, of the class of the larger one; as
        published, the class of the network's largest answer.
        """
        return ImageLesions(*super().find_in_image(image, window=window))

    def _repr_html_(self) -> str:
        return stage(self)


class InfNet(_segmentation.InfNet):
    """The stage from a CT with lungs to ground glass and consolidation by the two networks of Inf-Net.

    `infection`: the first network's file, from a slice to the probability of infection; `multi_class`: the
    second's, from the slice and that map to ground glass, consolidation and background. Both are made by
    ``groundglass models import`` (``--as inf-net`` and ``--as mc-unet``). A model file is a program: load
    only files you trust.

    Every slice with lung in it is cropped to the box around all lungs, `window_hu` (low, high) becomes grey
    0 to 255, and is resized to the networks' size. The first network's map goes as it is into the second,
    whose three answers are divided by their sum; they are mapped back to the CT's grid, averaged over close
    slices and thresholded inside the lungs. A lesion has the class of the larger probability.

    `threads`, `bfloat16`, `threshold`, `average_mm`, `minimum_lesion_ml`, `views`, `keep_probabilities`,
    `device`: as in :class:`Ensemble`. `long_edge` is 0: these networks have one size. `as_published`: what
    :meth:`compatible` sets.

    Raises :class:`groundglass.ModelError` for a model that can't be used or is not the network that belongs
    in its place, ValueError for an option out of range. Cost: both networks' time for each slice with lung;
    memory as of Ensemble. Source: Fan et al., "Inf-Net", IEEE TMI 2020.
    """

    def __init__(
        self,
        infection: Model,
        multi_class: Model,
        *,
        threads: int = 0,
        bfloat16: bool = False,
        threshold: float = 0.5,
        average_mm: float = 4.5,
        minimum_lesion_ml: float = 0.05,
        views: int = 1,
        long_edge: int = 0,
        keep_probabilities: bool = False,
        device: Device = "auto",
        window_hu: tuple[float, float] = (-1350.0, 150.0),
        as_published: bool = False,
    ) -> None:
        make = super().__init__
        interruptible(
            lambda: make(
                str(weights.find(infection).path),
                str(weights.find(multi_class).path),
                threads=threads,
                bfloat16=bfloat16,
                threshold=threshold,
                average_mm=average_mm,
                minimum_lesion_ml=minimum_lesion_ml,
                views=views,
                long_edge=long_edge,
                keep_probabilities=keep_probabilities,
                device=device,
                window_hu=window_hu,
                as_published=as_published,
            )
        )

    @classmethod
    def compatible(
        cls,
        infection: Model,
        multi_class: Model,
        *,
        threads: int = 0,
        bfloat16: bool = False,
        keep_probabilities: bool = False,
        device: Device = "auto",
    ) -> InfNet:
        """The stage that follows the published programs to the letter.

        Every slice is taken, whole, stretched from its least to its greatest value to 8 bits, resized for
        the first network as Pillow does it and for the second as OpenCV; the infection map is stretched to
        8 bits in the same way, so that a healthy slice has one too. A voxel has the class of the largest
        answer, mapped back pixel by pixel: no lung mask, no threshold, no averaging, and nothing is dropped.
        Labels are not written to a picture that stretches them and read back, as the original does.
        """
        return cls(
            infection,
            multi_class,
            threads=threads,
            bfloat16=bfloat16,
            average_mm=0.0,
            minimum_lesion_ml=0.0,
            keep_probabilities=keep_probabilities,
            device=device,
            as_published=True,
        )

    def __call__(self, lungs: LungCt) -> LesionCt:
        """`lungs` -> lesions in the same grid. Raises :class:`groundglass.ModelError` if a network fails."""
        return super().__call__(lungs)

    def run(self, lungs: LungCt, *, progress: Steps | None = None) -> LesionCt:
        """The same with ``progress(slices done, slices in all)``; see :meth:`Ensemble.run`."""
        with _cancelling():
            return super().run(lungs, progress=progress)

    def segment_image(
        self, image: npt.NDArray[Any], *, window: tuple[float, float] | None = None
    ) -> npt.NDArray[np.float32]:
        """One slice (height, width) -> float32 (2, height, width): ground glass, consolidation; 0 to 1.

        A uint8 image is taken as a picture shows it, 0 black and 255 white; other numbers are HU, of which
        `window` = (low, high) becomes black to white, or else `window_hu`; as published the least to the
        greatest. As published the two are the second network's own answers, which need not add up to 1. The
        whole image is taken: there is no lung mask. Runs and raises as :meth:`Ensemble.segment_image`.
        """
        return super().segment_image(image, window=window)

    def find_in_image(
        self, image: npt.NDArray[Any], *, window: tuple[float, float] | None = None
    ) -> ImageLesions:
        """The same with the labels and, where the networks tell, the lungs.

        Lesion is where both probabilities reach `threshold` together, of the class of the larger one; as
        published, the class of the network's largest answer.
        """
        return ImageLesions(*super().find_in_image(image, window=window))

    def _repr_html_(self) -> str:
        return stage(self)


class Lungs(_segmentation.Lungs):
    """The stage from a CT to its lungs by a network; :class:`groundglass.LungMask` is the one without.

    To the lungs belong consolidation, atelectasis, masses and the vessels within the outline; trachea, main
    bronchi, effusion, gas of stomach, bowel, oesophagus and soft tissue don't. The CT is resampled to the
    cells of the model's contract, each slice is shown to the network with its neighbours, and the
    probabilities are interpolated back to the CT's own grid and cut. The largest part is kept, and the second
    where it is no speck; holes are filled, and left and right are told by their places.

    `model`: the bundled network, or a file of its kind. A model file is a program: load only files you trust.
    `threads`: slices computed at a time, one thread each; 0 for one on each core. No setting of torch is
    touched.
    `bfloat16`: compute in bfloat16, for CPUs with AMX; slower on others.
    `threshold`: a voxel is lung where its probability reaches this, in (0, 1).
    `device`: as in :class:`Ensemble`.

    Notes of the result: ``lungs_by_network`` names the model; the others are those of
    :class:`groundglass.LungMask`. Raises :class:`groundglass.ModelError` for a model that can't be found,
    verified or used, ValueError for an option out of range. Cost, 150 slices of 512 x 512: about 2 s of one
    core, which the threads share, and about 100 MB beside the CT and the mask.
    """

    def __init__(
        self,
        model: Model = weights.LUNGS,
        *,
        threads: int = 0,
        bfloat16: bool = False,
        threshold: float = 0.5,
        device: Device = "auto",
    ) -> None:
        make, path = super().__init__, str(weights.find(model).path)
        interruptible(
            lambda: make(path, threads=threads, bfloat16=bfloat16, threshold=threshold, device=device)
        )

    def __call__(self, ct: CtVolume) -> LungCt:
        """`ct` -> its lungs in the same grid. Raises ModelError if the network fails."""
        return super().__call__(ct)

    def run(self, ct: CtVolume, *, progress: Steps | None = None) -> LungCt:
        """The same with ``progress(slices done, slices in all)`` of the network; see :meth:`Ensemble.run`."""
        with _cancelling():
            return super().run(ct, progress=progress)

    def _repr_html_(self) -> str:
        return stage(self)

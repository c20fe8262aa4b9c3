"""A result, or a volume on its way to one, to look at in a notebook: :func:`view`.

Importing this module imports neither ipyniivue nor anywidget; :func:`view` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from groundglass._needs import not_imported

if TYPE_CHECKING:
    from groundglass._core import CtVolume, LesionCt, LungCt
    from groundglass.result import Result
    from groundglass.widget.viewer import Viewer

__all__ = ["LAYERS", "WINDOWS", "view"]

#: What can be laid over the CT, in the order of the labels 1 to 3; "lung" is the lung besides the others.
LAYERS = ("ground_glass", "consolidation", "lung")

#: Lower and upper end of the grey scale in HU by name, as a viewer offers them.
WINDOWS = {
    "lung": (-1350.0, 150.0),
    "ground glass": (-1000.0, -200.0),
    "soft tissue": (-160.0, 240.0),
    "bone": (-450.0, 1050.0),
}


def view(
    study: Result | LesionCt | LungCt | CtVolume, *, downsample: int | None = None, **state: Any
) -> Viewer:
    """A widget with the slices of `study`, its layers, the slice profile, the grade and the region table.

    What there is to show depends on how far `study` has come: a result has all of it, a :class:`LesionCt` no
    grade, a :class:`CtVolume` only slices. `state` sets traits of the viewer from the start, such as
    ``slice=40`` or ``layers=("consolidation",)``; :class:`groundglass.widget.viewer.Viewer` has them all. The
    volume goes to the browser once, cropped to the lungs where they are known; `downsample` keeps one of so
    many rows and columns (None: as many as fit into 96 MB).

    Raises :class:`ImportError` where the extra ``notebook`` is not installed, ``TypeError`` for what is no
    study, ``ValueError`` for `downsample` below 1, ``traitlets.TraitError`` for a state that is out of range.
    Costs about 0.2 s, and for 512 x 512 x 150 voxels 37 MB in the kernel and on the way.
    """
    try:
        from groundglass.widget.viewer import Viewer
    except ImportError as error:
        missing = f"the viewer needs ipyniivue and anywidget ({error}): pip install 'groundglass[notebook]'"
        raise not_imported(error, missing) from error
    return Viewer(study, downsample=downsample, **state)

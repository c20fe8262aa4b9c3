"""The widget itself. Importing this module imports ipyniivue, and with it ipywidgets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import ipyniivue
import ipywidgets
import traitlets

from groundglass.findings import layers
from groundglass.findings.layers import NAMES as LAYERS
from groundglass.findings.layers import WINDOWS
from groundglass.widget import content, repr_html

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent

#: Opacity of the layers in the beginning: enough to be seen, little enough to read the texture below.
OPACITY = {layer.name: layer.opacity for layer in layers.LAYERS}
COLORS = {layer.name: layer.hex for layer in layers.LAYERS}


class Viewer(anywidget.AnyWidget):
    """What :func:`groundglass.view` gives. Its traits can be read, set and observed (``w.observe``).

    They change with what the user does, and the picture with them. Values that make no sense raise
    ``traitlets.TraitError``.
    """

    _esm = HERE / "viewer.js"
    _css = HERE / "viewer.css"

    _summary = traitlets.Dict().tag(sync=True)
    _canvas = traitlets.Instance(ipyniivue.NiiVue, allow_none=True).tag(
        sync=True, **ipywidgets.widget_serialization
    )
    _windows = traitlets.Dict(WINDOWS).tag(sync=True)
    _hounsfield = traitlets.Int(None, allow_none=True).tag(sync=True)

    #: The slice on show, counted from 0 at the feet.
    slice = traitlets.Int().tag(sync=True)
    #: The layers on show: any of :data:`groundglass.widget.LAYERS`.
    layers = traitlets.Tuple(LAYERS[:2]).tag(sync=True)
    #: Colour by layer, as ``#RRGGBB``; a dictionary of some layers changes these.
    colors = traitlets.Dict(COLORS).tag(sync=True)
    #: Opacity by layer, 0..1; a dictionary of some layers changes these.
    opacity = traitlets.Dict(OPACITY).tag(sync=True)
    #: Lower and upper end of the grey scale in HU; :data:`groundglass.widget.WINDOWS` has some by name.
    window = traitlets.Tuple(traitlets.Float(), traitlets.Float(), default_value=WINDOWS["lung"]).tag(
        sync=True
    )
    #: Axial slices alone, or coronal and sagittal ones beside them.
    planes = traitlets.Enum(("axial", "orthogonal"), "axial").tag(sync=True)
    #: (slice, row, column) of the last click into the picture, None before.
    cursor = traitlets.Tuple(None, allow_none=True)

    def __init__(self, study: content.Study, *, downsample: int | None = None, **state: Any) -> None:
        self._study = study
        self._grid = content.excerpt(study, downsample)
        profile, table = content.measured(study)
        summary = content.summary(study, self._grid, profile, table)
        image, labels = content.volumes(study, self._grid)
        canvas = ipyniivue.NiiVue(
            height=440,
            slice_type=ipyniivue.SliceType.AXIAL,
            is_radiological_convention=True,
            drag_mode=ipyniivue.DragMode.PAN,
            drag_and_drop_enabled=False,
            crosshair_color=(0.62, 0.69, 0.78, 0.9),
            crosshair_width=0.0,
            font_color=(0.92, 0.94, 0.97, 1.0),
            is_orientation_text_visible=False,
            multiplanar_show_render=ipyniivue.ShowRender.NEVER,
            back_color=(0.0, 0.0, 0.0, 1.0),
            log_level="error",
            loading_text="",
        )
        # the page draws a layer as a volume of its own: NiiVue knows one opacity a volume
        canvas.volumes = [
            ipyniivue.Volume(data=image, name="ct.nii", colormap="gray"),
            *(ipyniivue.Volume(data=labels, name="labels.nii.gz", opacity=0.0) for _ in summary["layers"]),
        ]
        state.setdefault("layers", summary["layers"][:2])
        state.setdefault("slice", content.first_slice(profile, self._grid))
        super().__init__(_summary=summary, _canvas=canvas, **state)
        canvas.on_location_change(self._located)

    @traitlets.validate("slice")
    def _valid_slice(self, proposal: Any) -> int:
        count = self._grid.shape[0]
        if not 0 <= proposal.value < count:
            raise traitlets.TraitError(f"slice must be 0 to {count - 1}, found {proposal.value}")
        return int(proposal.value)

    @traitlets.validate("layers")
    def _valid_layers(self, proposal: Any) -> tuple[str, ...]:
        for name in proposal.value:
            _check_layer(name)
        return tuple(name for name in LAYERS if name in proposal.value)

    @traitlets.validate("colors")
    def _valid_colors(self, proposal: Any) -> dict[str, str]:
        for name, color in proposal.value.items():
            _check_layer(name)
            if not re.fullmatch(r"#[0-9A-Fa-f]{6}", str(color)):
                raise traitlets.TraitError(f"a colour is written as #RRGGBB, found {color!r}")
        return self._merged("colors", COLORS, proposal.value)

    @traitlets.validate("opacity")
    def _valid_opacity(self, proposal: Any) -> dict[str, float]:
        for name, opacity in proposal.value.items():
            _check_layer(name)
            if not isinstance(opacity, (int, float)) or not 0 <= opacity <= 1:
                raise traitlets.TraitError(f"opacity is a number from 0 to 1, found {opacity!r}")
        return self._merged("opacity", OPACITY, proposal.value)

    @traitlets.validate("window")
    def _valid_window(self, proposal: Any) -> tuple[float, float]:
        low, high = proposal.value
        if not low < high:
            raise traitlets.TraitError(f"window must be (lower, upper) in HU, found ({low:g}, {high:g})")
        return float(low), float(high)

    def _merged(self, trait: str, default: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
        return {**default, **self._trait_values.get(trait, {}), **change}

    def _located(self, location: Mapping[str, Any]) -> None:
        """The user clicked into the picture, or the picture moved on its own."""
        self.cursor = self._grid.voxel(location["frac"])
        self._hounsfield = int(content.ct_of(self._study).hounsfield[self.cursor])
        self.slice = self.cursor[0]

    @traitlets.observe("slice")
    def _forget_reading(self, change: Any) -> None:
        if self.cursor is not None and change.new != self.cursor[0]:
            self._hounsfield = None

    def close(self) -> None:
        """Takes the widget from the page and frees the volumes on both sides."""
        if self._canvas is not None:
            for part in (self._canvas, *self._canvas.volumes):
                part.close()
        super().close()

    def __repr__(self) -> str:
        return f"<groundglass.widget.Viewer: slice {self.slice} of {self._grid.shape[0]}>"

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The live widget, and for pages without a kernel what the study's own HTML shows."""
        bundle = super()._repr_mimebundle_(**options)
        if bundle is not None:
            bundle[0]["text/html"] = repr_html.drawn(self._study)
        return bundle


def _check_layer(name: str) -> None:
    if name not in LAYERS:
        raise traitlets.TraitError(f"a layer is one of {', '.join(LAYERS)}, found {name!r}")

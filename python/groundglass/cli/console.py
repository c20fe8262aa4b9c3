"""What the commands print: tables and notes on stdout, progress on stderr."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from groundglass import logs
from groundglass.cli.errors import WrongInput
from groundglass.errors import ModelError
from groundglass.findings.records import NOT_A_DEVICE
from groundglass.html.compartments import COMPARTMENTS

if TYPE_CHECKING:
    from groundglass._core import DependentTable, InvolvementTable, Note
    from groundglass.cohort.severity_model import SeverityModel
    from groundglass.demo import Demo
    from groundglass.findings.records import ModelRecord
    from groundglass.result import Result
    from groundglass.segmentation.image_lesions import SliceExtent

#: Width of what goes to a file or another program, where there is no terminal to ask.
PIPE_WIDTH = 100

#: Columns of a terminal from which on the table of regions has dependent density, which is among the notes
#: anyway, and from which on its columns stand apart then.
LEAST_WIDTH, WIDE = 98, 116

#: Grades less probable than this are not printed; they are in the result.
LEAST_PROBABILITY = 0.01

STAGES = {
    "read": "reading the study",
    "lungs": "finding the lungs",
    "segmentation": "segmenting slices",
    "quantification": "measuring",
    "write": "writing",
    "map": "registering",
}


def console(*, stderr: bool = False) -> Console:
    """The console of this moment's stdout or stderr, wide enough for the tables where it is no terminal."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, highlight=False, emoji=False, width=None if stream.isatty() else PIPE_WIDTH)


class StageBars:
    """One bar a stage; called as :func:`groundglass.analyze`'s `progress`."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, object] = {}

    def __call__(self, stage: str, done: int, total: int) -> bool:
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(STAGES.get(stage, stage), total=total)
        self._bars.update(self._tasks[stage], completed=done, total=total)  # type: ignore[arg-type]
        return True


@contextmanager
def stage_bars() -> Iterator[StageBars]:
    """Progress bars on stderr, nothing at all where that is no terminal or takes log lines."""
    columns = (
        SpinnerColumn(finished_text="[green]✓"),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    screen = console(stderr=True)
    hidden = logs.is_set_up() or not screen.is_terminal
    with Progress(*columns, console=screen, disable=hidden, transient=True) as bars:
        yield StageBars(bars)


@contextmanager
def blaming_model(named: object | None) -> Iterator[None]:
    """A model error is the user's (exit code 2) where the user named the model."""
    try:
        yield
    except ModelError as error:
        if named is None:
            raise
        raise WrongInput(str(error)) from error


def refuse_existing(out: Path | None, overwrite: bool) -> None:
    """Tells of the option that helps, before anything is read."""
    if out is not None and not overwrite and out.is_dir() and any(out.iterdir()):
        raise WrongInput(f"the output folder {out} is not empty; choose another, or give --overwrite")


def number(value: float, digits: int = 1) -> str:
    """A number for a person, with the minus that every terminal has; "–" for "no answer"."""
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def print_result(result: Result) -> None:
    """Table, grade, notes and the lines that every result carries."""
    screen = console()
    told = result.dependent if not result.dependent.left_out and screen.width >= LEAST_WIDTH else None
    padding = 1 if screen.width > (WIDE if told else 90) else 0
    screen.print(region_table(result.table, padding=padding, dependent=told))
    cuts = ", ".join(f"{100 * cut:.4g} %" for cut in result.thresholds.cuts)
    model = result.severity_model
    origin = "published cuts" if model is None else f"fitted to {sum(model.patients)} patients, cuts"
    share, name = number(result.opacity_percent, 2), escape(result.severity_class)
    screen.print(
        f"Opacity [bold]{share} %[/]{opacity_interval(result)} of both lungs: "
        f"[bold]{result.ct_grade}[/] by extent, "
        f"class [bold]{name}[/] ({origin} {cuts})",
        soft_wrap=True,
    )
    if model is not None:
        screen.print(shares_line(model, result.table.opacity_fraction), soft_wrap=True)
    screen.print(score_line(result), soft_wrap=True)
    screen.print(aeration_line(result), soft_wrap=True)
    print_notes(screen, result.notes)
    print_terms(screen, result.weights)


def aeration_line(result: Result) -> str:
    """The compartments of both lungs from air to tissue, low attenuation, gas and tissue."""
    both = result.aeration.rows[0]
    parts = (
        f"{title.lower()} {number(getattr(both, f'{name}_percent'))} %"
        for name, title in COMPARTMENTS.items()
    )
    return (
        f"Aeration: {', '.join(parts)}; below -950 HU {number(both.low_attenuation_950_percent, 2)} %, "
        f"Perc15 {number(both.perc15_hu, 0)} HU; gas {number(both.gas_ml, 0)} ml, "
        f"tissue {number(both.lung_mass_g, 0)} g"
    )


def shares_line(model: SeverityModel, fraction: float) -> str:
    """What became of the patients like this one, and whether a cut is near."""
    alike = model.shares(fraction)
    parts = ", ".join(
        f"{escape(name)} {100 * share:.0f} % ({100 * lower:.0f}–{100 * upper:.0f})"
        for name, share, lower, upper in zip(
            alike.classes, alike.share, alike.lower, alike.upper, strict=True
        )
    )
    near = "; within the bounds of a cut" if model.near_cut(fraction) else ""
    interval = f"{100 * alike.start:.2f} to {100 * alike.stop:.2f} %"
    return f"Of {alike.patients} patients with {interval}: {parts}{near}"


def score_line(result: Result) -> str:
    """The grade by pattern, the probable grades, and the scores of lobes with what they take for lobes."""
    scores = result.scores
    parts = [f"{scores.ct_grade_rule or '–'} by pattern"]
    if (found := result.grade_probability) is not None:
        likely = [
            f"CT-{grade} {100 * share:.0f} %"
            for grade, share in enumerate(found.probability)
            if share >= LEAST_PROBABILITY
        ]
        parts.append("probability by extent " + ", ".join(likely))
    named = {"CTSS": (scores.ctss_pan2020, 25), "TSS": (scores.tss, 20), "LSS": (scores.lss, 20)}
    named |= {"LHOS": (scores.lhos, 20)}
    points = ", ".join(
        f"{name} {'–' if value is None else value}/{most}" for name, (value, most) in named.items()
    )
    lobes = {"lobe_map": "given lobes", "estimated": "estimated lobes", "thirds": "thirds for lobes"}[
        scores.lobes
    ]
    return "; ".join([*parts, f"{points} ({lobes})"])


def opacity_interval(result: Result) -> str:
    """`` (90 %: 1.62–3.10)`` where the models are calibrated, else nothing."""
    interval = result.opacity_interval_percent
    if result.uncertainty is None or interval is None:
        return ""
    lower, upper = (number(bound, 2) for bound in interval)
    return f" ({100 * result.uncertainty.coverage:g} %: {lower}–{upper})"


def region_table(
    table: InvolvementTable, *, padding: int = 1, dependent: DependentTable | None = None
) -> Table:
    """The involvement table, with what lies as dependent density does where that is told apart; without
    padding it fits in 80 columns. Standard deviations are in the files."""
    shown = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, padding))
    shown.add_column("Region", no_wrap=True)
    volumes = ("Lung\nml", "Ground\nglass ml", "Consoli-\ndation ml", "Opacity\nml")
    parts = [] if dependent is None else [*dependent.rows, *dependent.lobes]
    apart = ("Depen-\ndent ml", "PO\nwithout") if parts else ()
    for heading in (*volumes, "PO\n%", "PHO\n%", *apart, "Lung\nHU", "Opacity\nHU"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for place, row in enumerate((*table.rows, *table.lobes)):
        without = [
            (number(part.dependent_ml), number(part.opacity_percent_without_dependent, 2))
            for part in parts[place : place + 1]
        ]
        shown.add_row(
            row.region,
            number(row.lung_ml, 0),
            number(row.ground_glass_ml),
            number(row.consolidation_ml),
            number(row.opacity_ml),
            number(row.opacity_percent, 2),
            number(row.high_opacity_percent, 2),
            *(cell for cells in without for cell in cells),
            number(row.lung_hu_mean, 0),
            number(row.opacity_hu_mean, 0),
            style="bold" if place == 0 else None,
            end_section=place in (0, 2, 8),
        )
    return shown


def extent_line(extent: SliceExtent) -> str:
    """What a picture holds, in percent of its lungs where they are known."""
    glass, dense = extent.ground_glass_percent, extent.consolidation_percent
    if glass is None or dense is None:
        known = "no lung" if extent.lung_pixels == 0 else "lungs not known"
        pixels = f"{extent.ground_glass_pixels} px, consolidation {extent.consolidation_pixels} px"
        return f"ground glass {pixels} ({known})"
    return f"ground glass {glass:.1f} %, consolidation {dense:.1f} % of the lungs in it, {extent.ct_grade}"


def print_notes(screen: Console, notes: Sequence[Note]) -> None:
    """Warnings first and in colour, then what was merely done."""
    for note in sorted(notes, key=lambda note: note.level != "warning"):
        if note.level == "warning":
            screen.print(f"[bold yellow]Warning:[/] {escape(note.text)}", soft_wrap=True)
        else:
            screen.print(f"[dim]Note: {escape(note.text)}[/]", soft_wrap=True)


def print_terms(screen: Console, models: Sequence[ModelRecord]) -> None:
    """The weights with their licence, and what this program is not."""
    for model in models:
        licence = model.licence or "licence not stated"
        terms = f"Weights {model.name} (SHA-256 {model.sha256[:12]}…): {licence}."
        screen.print(f"[dim]{escape(terms)}[/]", soft_wrap=True)
    screen.print(f"[dim]{NOT_A_DEVICE}[/]")


def print_demo(demo: Demo) -> None:
    """The truth beside what was measured, and the files to look at."""
    screen = console()
    shown = Table(
        box=SIMPLE_HEAD, pad_edge=False, title="The phantom's truth and the result", title_justify="left"
    )
    shown.add_column("Both lungs")
    for heading in ("Truth", "From the\ntrue masks", "Lung mask\nand model", "Error", "Error\n%"):
        shown.add_column(heading, justify="right")
    for item in demo.comparisons:
        name, _, unit = item.quantity.rpartition("_")
        shown.add_row(
            f"{name.replace('_', ' ')}, {'%' if unit == 'percent' else unit}",
            f"{item.truth:.2f}",
            f"{item.true_masks:.2f} {'=' if item.exact else '[bold red]≠[/]'}",
            f"{item.measured:.2f}",
            f"{item.error:+.2f}",
            f"{100 * item.error / item.truth:+.1f}" if item.truth else "–",
        )
    screen.print(shown)
    screen.print(
        f"Dice: lungs {demo.lung_dice:.4f} (left {demo.left_dice:.4f}, right {demo.right_dice:.4f}), "
        f"lesions {demo.lesion_dice:.3f}\n"
        f"Grade: truth {demo.grade_of_truth}, class {demo.class_of_truth}; "
        f"measured {demo.result.ct_grade}, class {demo.result.severity_class}"
    )
    if demo.why_off is not None:
        screen.print(demo.why_off, markup=False)
    if not demo.exact:
        screen.print("[bold red]The table of the true masks differs from the truth.[/]")
    slices = [path for path in demo.files if path.suffix == ".dcm"]
    screen.print("Files:")
    for path in [path for path in demo.files if path.suffix != ".dcm"]:
        screen.print(f"  {path}", markup=False, soft_wrap=True)
    if slices:
        screen.print(f"  {slices[0].parent} ({len(slices)} DICOM slices)", markup=False, soft_wrap=True)

"""How right a comparison of two times is, on phantoms in time whose truth is known.

``python benchmarks/compare.py --patients 24`` draws patients of whom some have changed and some have only
breathed otherwise, and tells with true masks how far the change of opacity is from the truth and whether its
sign is right, with the bundled models how often the interval of the change holds the truth and how often an
unchanged patient is called so, and how well lungs overlap after registration. ``--first`` is the first seed:
the correlation of errors in ``groundglass.compare`` was fitted on seeds 100 to 102 and 107 to
109 (``--fit``). Numbers go to the standard output, and with ``--out`` each patient's to a JSON
file.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

import groundglass as gg
from groundglass.compare.registration import Scan, register
from groundglass.phantom import Course, Phantom, Twice, make_twice

SHAPE = (40, 192, 192)
#: Changes of less are not asked for.
LEAST_CHANGE_ML = 20.0
CORRELATIONS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def patient(seed: int) -> Twice:
    """Every third patient has only breathed otherwise; of the others patches grow, shrink, consolidate,
    vanish and appear, each seed in its own shares."""
    rng = np.random.default_rng([15, seed])
    shares = rng.dirichlet([1.0] * 5)[:4] * rng.uniform(0.3, 1.0)
    names = ("grow", "shrink", "consolidate", "vanish")
    course = Course(
        **dict(zip(names, map(float, shares), strict=True)), appear=float(rng.uniform(0, 0.4)), seed=seed
    )
    extent = {
        "ground_glass": float(rng.uniform(0.03, 0.15)),
        "consolidation": float(rng.uniform(0.005, 0.05)),
    }
    gas = float(rng.choice([rng.uniform(0.75, 0.95), rng.uniform(1.03, 1.12)]))
    return make_twice(
        seed, gas=gas, course=Course(seed=seed) if seed % 3 == 0 else course, shape=SHAPE, **extent
    )


def measured(patient: Phantom, *, masks: bool) -> gg.Result:
    if masks:
        return gg.analyze(patient.volume, lungs=patient.lungs, lesions=patient.lesions)
    return gg.analyze(patient.volume, threads=1)


def figures(seed: int, *, models: bool, registration: bool) -> dict[str, Any]:
    """What one patient shows."""
    twice = patient(seed)
    both = (twice.baseline, twice.followup)
    truth = twice.truth["opacity_change_ml"]
    found: dict[str, Any] = {"seed": seed, "changed": seed % 3 != 0, "truth_ml": truth}
    exact = gg.compare(*(measured(one, masks=True) for one in both), maps=False)
    found["true_masks"] = exact.change("opacity_ml_at_breath")["difference"]
    found["true_masks_verdict"] = exact.verdict
    if models:
        results = [measured(one, masks=False) for one in both]
        compared = gg.compare(*results, maps=False)
        row = compared.change("opacity_ml_at_breath")
        found["models"] = {name: row[name] for name in ("difference", "difference_lower", "difference_upper")}
        found["verdict"] = compared.verdict
        found["rows"] = [result.region_rows()[:1] for result in results]
        found["true_opacity_ml"] = [one.truth["regions"]["both lungs"]["opacity_ml"] for one in both]
    if registration:
        scans = [Scan(p.hounsfield, p.lungs, p.lesions, p.spacing_mm, p.origin_mm, p.direction) for p in both]
        fit = register(*scans)
        lungs = [fit.warped(scans[1].lungs, scans[1], scans[0]) > 0, scans[0].lungs > 0]
        places = np.argwhere(scans[0].lungs > 0)
        places = places[np.random.default_rng(seed).choice(len(places), 500, replace=False)]
        points = np.asarray(scans[0].origin_mm) + places[:, ::-1] * np.asarray(scans[0].spacing_mm)[::-1]
        errors = np.linalg.norm(fit.moved(points) - twice.moved(points), axis=1)
        found["registration"] = {
            "lung_dice": 2 * float((lungs[0] & lungs[1]).sum()) / float(lungs[0].sum() + lungs[1].sum()),
            "true_error_mm": [float(np.quantile(errors, level)) for level in (0.5, 0.9)],
            "landmark_error_mm": fit.landmark_error_mm,
            "refused": fit.refused,
        }
    return found


def coverage(patients: list[dict[str, Any]], shared: float) -> tuple[float, float]:
    """How many intervals hold the truth, and how many unchanged patients are called so."""
    stage = gg.InvolvementChange(shared=shared)
    held, called = [], []
    for one in patients:
        change = stage(*one["rows"])[0]["opacity_ml_at_breath"]
        held.append(change["lower"] <= one["truth_ml"] <= change["upper"])
        if not one["changed"]:
            called.append(max(change["less"], change["more"]) < 0.9)
    return float(np.mean(held)), float(np.mean(called)) if called else float("nan")


def tell(patients: list[dict[str, Any]], *, fit: bool) -> None:
    large = [one for one in patients if abs(one["truth_ml"]) >= LEAST_CHANGE_ML]
    off = np.array([abs(one["true_masks"] / one["truth_ml"] - 1) for one in large])
    signs = [np.sign(one["true_masks"]) == np.sign(one["truth_ml"]) for one in large]
    print(f"patients {len(patients)}, changed by {LEAST_CHANGE_ML:g} ml or more {len(large)}")
    print(
        f"true masks: sign right {100 * np.mean(signs):.1f} %, within 10 % {100 * np.mean(off <= 0.1):.1f} %,"
    )
    print(f"            error median {100 * np.median(off):.1f} %, 90 % {100 * np.quantile(off, 0.9):.1f} %")
    with_models = [one for one in patients if "rows" in one]
    if with_models:
        held = [
            one["models"]["difference_lower"] <= one["truth_ml"] <= one["models"]["difference_upper"]
            for one in with_models
        ]
        same = [one["verdict"] == "unchanged" for one in with_models if not one["changed"]]
        print(f"models: interval of the change holds the truth in {100 * np.mean(held):.1f} %")
        print(f"        unchanged called unchanged in {100 * np.mean(same):.1f} % of {len(same)}")
        right = [
            np.sign(one["models"]["difference"]) == np.sign(one["truth_ml"])
            for one in with_models
            if one in large
        ]
        print(f"        sign right {100 * np.mean(right):.1f} %")
        for shared in CORRELATIONS if fit else ():
            cover, called = coverage(with_models, shared)
            print(
                f"        shared {shared:.2f}: coverage {100 * cover:.1f} %, unchanged {100 * called:.1f} %"
            )
    registered = [one["registration"] for one in patients if "registration" in one]
    if registered:
        dice = [one["lung_dice"] for one in registered]
        error = np.median([one["true_error_mm"] for one in registered], axis=0)
        print(f"registration: lung Dice least {min(dice):.3f}, median {np.median(dice):.3f};")
        print(f"              true error median {error[0]:.1f} mm, 90 % {error[1]:.1f} mm")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--patients", type=int, default=24)
    parser.add_argument("--first", type=int, default=200)
    parser.add_argument("--without-models", action="store_true")
    parser.add_argument("--without-registration", action="store_true")
    parser.add_argument("--fit", action="store_true", help="coverage for several correlations")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    patients = []
    for seed in range(options.first, options.first + options.patients):
        start = time.perf_counter()
        patients.append(
            figures(seed, models=not options.without_models, registration=not options.without_registration)
        )
        print(f"seed {seed}: {time.perf_counter() - start:.0f} s", flush=True)
        if options.out is not None:
            options.out.write_text(json.dumps(patients, indent=1))
    tell(patients, fit=options.fit)


if __name__ == "__main__":
    main()

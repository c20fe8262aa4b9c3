/** What was measured, as cards and tables. */

import type { Measurement, Model, Note, Picture, StudyResult } from "./api";
import { card, h, icon, type Child } from "./dom";
import { all, files, n, share, t } from "./i18n";

const GRADES = ["CT-0", "CT-1", "CT-2", "CT-3", "CT-4"];

/** Lowest and highest value of each score. */
const RANGES: Record<string, [number, number]> = {
  ctss_pan2020: [0, 25],
  ctss_francone: [0, 25],
  tss: [0, 20],
  lss: [0, 20],
  lhos: [0, 20],
  tfs: [0, 24],
  tfs_ground_glass: [0, 24],
  tfs_consolidation: [0, 24],
  ct_ss: [1, 5],
  ct_ss_segments: [0, 40],
};

/** How the formats that the reader knows are written. */
const FORMATS: Record<string, string> = {
  dicom: "DICOM",
  nifti: "NIfTI",
  nrrd: "NRRD",
  metaimage: "MetaImage",
};

function swatch(kind: string, name: string, value: string): HTMLElement {
  return h(
    "div",
    { class: "share" },
    h("dt", {}, h("span", { class: `key ${kind}` }, name)),
    h("dd", {}, value),
  );
}

function big(percent: number | null, text: string): HTMLElement {
  return h("p", { class: "big" }, h("strong", {}, t().percent(share(percent))), h("span", {}, text));
}

/** How probable each grade is, as bars with their figures. */
function gradeBars(grade: string, probability: number[]): HTMLElement {
  const rows = GRADES.map((name, place) => {
    const value = probability[place] ?? 0;
    const bar = h("span", { class: "bar-fill" });
    bar.style.setProperty("width", `${100 * value}%`);
    return h(
      "li",
      { class: name === grade ? "chosen-grade" : "" },
      h("span", {}, t().grade(name)),
      h("span", { class: "bar", "aria-hidden": "true" }, bar),
      h("span", { class: "figure" }, t().percent(n(100 * value))),
    );
  });
  return h("ul", { class: "bars", "aria-label": t().numbers.probability }, ...rows);
}

function gradeHead(title: string, grade: string): HTMLElement {
  return h(
    "div",
    { class: `grade ${grade.toLowerCase()}` },
    h("strong", { class: "grade-name" }, t().grade(grade)),
    h("span", {}, h("span", { class: "quiet" }, title), h("span", {}, t().numbers.gradeMeaning[grade] ?? "")),
  );
}

/** Opacity, its parts, grade and class of a study. */
export function studySummary({ severity, uncertainty, regions }: Measurement): HTMLElement {
  const both = regions[0];
  const ofLung = (ml: number | null | undefined) =>
    both && ml !== null && ml !== undefined ? t().percent(share((100 * ml) / both.lung_ml)) : t().none;
  const { opacity_percent_lower: lower, opacity_percent_upper: upper, coverage } = uncertainty ?? {};
  const probability = severity.probability;
  const cuts = all(severity.class_cuts_fraction.map((cut) => share(100 * cut)));
  return card(
    t().numbers.heading,
    "summary",
    big(severity.opacity_percent, t().numbers.opacity),
    coverage !== null &&
      coverage !== undefined &&
      h("p", { class: "quiet" }, t().numbers.interval(share(lower), share(upper), n(100 * coverage))),
    h(
      "dl",
      { class: "shares" },
      swatch("ground-glass", t().numbers.groundGlass, ofLung(both?.ground_glass_ml)),
      swatch("consolidation", t().numbers.consolidation, ofLung(both?.consolidation_ml)),
    ),
    both &&
      !!both.dependent_ml &&
      h(
        "p",
        { class: "quiet" },
        t().numbers.dependent(n(both.dependent_ml, 1), share(both.opacity_percent_without_dependent)),
      ),
    gradeHead(t().numbers.grade, severity.ct_grade_extent),
    probability && h("h3", {}, t().numbers.probability),
    probability && gradeBars(severity.ct_grade_extent, probability.ct_grade_extent),
    probability?.ct_grade_near_cut && h("p", { class: "quiet" }, t().numbers.nearCut),
    h("p", { class: "quiet" }, t().numbers.gradeRule(t().grade(severity.ct_grade_rule))),
    h(
      "p",
      { class: "class" },
      h("span", {}, `${t().numbers.class} `),
      h("strong", {}, severity.class),
      h("span", { class: "quiet" }, ` ${t().numbers.classText(all(severity.classes), cuts)}`),
    ),
  );
}

/** The same of one picture. */
export function pictureSummary(picture: Picture): HTMLElement {
  if (picture.opacity_percent === null) {
    const other = picture.notes.some((note) => note.code === "not_a_chest_slice");
    return card(t().numbers.heading, "summary", h("p", {}, other ? t().numbers.noSlice : t().numbers.noLung));
  }
  return card(
    t().numbers.heading,
    "summary",
    big(picture.opacity_percent, t().numbers.opacitySlice),
    h(
      "dl",
      { class: "shares" },
      !!picture.ground_glass_percent &&
        swatch("ground-glass", t().numbers.groundGlass, t().percent(share(picture.ground_glass_percent))),
      !!picture.consolidation_percent &&
        swatch("consolidation", t().numbers.consolidation, t().percent(share(picture.consolidation_percent))),
    ),
    picture.ct_grade && gradeHead(t().numbers.gradeSlice, picture.ct_grade),
    h("p", { class: "quiet" }, t().numbers.sliceOnly),
    picture.lung_percent !== null &&
      h("p", { class: "quiet" }, t().numbers.lungShare(share(picture.lung_percent))),
  );
}

export function table(label: string, head: string[], rows: string[][]): HTMLElement {
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "group", "aria-label": label },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ...head.map((text) => h("th", { scope: "col" }, text)))),
      h(
        "tbody",
        {},
        ...rows.map(([name, ...cells]) =>
          h("tr", {}, h("th", { scope: "row" }, name!), ...cells.map((text) => h("td", {}, text))),
        ),
      ),
    ),
  );
}

export function regionTable({ regions, dependent }: Measurement): HTMLElement {
  const texts = t().numbers;
  const apart = !!dependent && !dependent.left_out;
  const rows = regions.map((row) => [
    texts.regions[row.region] ?? row.region,
    n(row.opacity_percent, 2),
    n(row.high_opacity_percent, 2),
    ...(apart ? [n(row.opacity_percent_without_dependent, 2), n(row.dependent_ml, 1)] : []),
    n(row.ground_glass_ml, 1),
    n(row.consolidation_ml, 1),
    n(row.lung_ml),
    n(row.lung_hu_mean),
  ]);
  const head = [
    texts.region,
    texts.opacityPercent,
    texts.highOpacityPercent,
    ...(apart ? [texts.withoutDependent, texts.dependentVolume] : []),
    texts.groundGlassVolume,
    texts.consolidationVolume,
    texts.lungVolume,
    texts.hu,
  ];
  return card(texts.table, "wide", table(texts.table, head, rows));
}

export function scoreTable({ severity }: Measurement): HTMLElement {
  const texts = t().numbers;
  const rows = Object.entries(RANGES)
    .filter(([name]) => typeof severity.scores[name] === "number")
    .map(([name, [low, high]]) => [
      texts.scoreNames[name] ?? name,
      n(severity.scores[name] as number),
      `${n(low)}–${n(high)}`,
    ]);
  return card(
    texts.scores,
    "",
    table(texts.scores, [texts.score, texts.value, texts.range], rows),
    severity.scores.lobes === "thirds" && h("p", { class: "quiet" }, texts.thirds),
    severity.scores.lobes === "estimated" && h("p", { class: "quiet" }, texts.estimated),
  );
}

export function noteList(notes: Note[]): HTMLElement {
  const rows = notes.map(({ level, code, text }) => {
    const translated = t().notes[code];
    const warning = level === "warning";
    return h(
      "li",
      { class: warning ? "warning" : "" },
      icon(warning ? "warning" : "info"),
      h("span", { class: "unseen" }, warning ? t().numbers.warning : t().numbers.info),
      h(
        "div",
        {},
        translated && h("p", {}, translated),
        // the figures of the case are in the English sentence
        h("p", translated ? { lang: "en", class: "quiet" } : { lang: "en" }, text),
      ),
    );
  });
  return card(
    t().numbers.notes,
    "notes",
    rows.length ? h("ul", {}, ...rows) : h("p", { class: "quiet" }, t().numbers.noNotes),
  );
}

function modelList(models: Model[]): HTMLElement {
  if (!models.length) return h("span", {}, t().numbers.given);
  const rows = models.map(({ name, sha256, licence }) =>
    h(
      "li",
      {},
      h("strong", {}, name),
      sha256 && h("code", {}, ` ${sha256.slice(0, 12)}`),
      licence && h("span", { class: "quiet", lang: "en" }, licence),
    ),
  );
  return h("ul", {}, ...rows);
}

/** How the lungs were found, with the weights where a network did. */
function lungsFrom({ source, model }: Measurement["lungs"]): HTMLElement {
  const words = t().numbers.lungsFrom[source];
  if (!model) return h("span", {}, words);
  return h("div", {}, words, modelList([{ ...model, name: `${model.name} ${model.version}` }]));
}

function facts(rows: [string, Child][]): HTMLElement {
  return card(
    t().numbers.provenance,
    "provenance",
    h("dl", {}, ...rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
  );
}

export function studyProvenance({ result, shape, spacing_mm }: StudyResult): HTMLElement {
  const texts = t().numbers;
  const { files: count, sha256 } = result.input;
  const kind = FORMATS[result.input.kind] ?? result.input.kind;
  return facts([
    [texts.version, result.groundglass_version],
    [texts.lungs, lungsFrom(result.lungs)],
    [texts.models, modelList(result.models)],
    [texts.input, count ? texts.inputText(kind, files(count)) : kind],
    [
      texts.volume,
      texts.volumeText(
        shape.map((size) => n(size)).join(" × "),
        spacing_mm.map((size) => n(size, 2)).join(" × "),
      ),
    ],
    [texts.digest, h("code", {}, sha256)],
    [texts.time, texts.seconds(n(result.run.timings_s.total, 1))],
  ]);
}

export const picturesProvenance = (models: Model[]): HTMLElement =>
  facts([[t().numbers.models, modelList(models)]]);

/** The result of a whole study: volume, profile, figures, files. */

import { aerationTable } from "./aeration";
import * as api from "./api";
import { button, h, type Child } from "./dom";
import { Downloads } from "./downloads";
import { errorText, fileSize, n, t } from "./i18n";
import { Layers, layerPanel } from "./layers";
import type { View } from "./view";
import { noteList, regionTable, scoreTable, studyProvenance, studySummary } from "./numbers";
import { PictureViewer } from "./picture-viewer";
import { describe, Profile } from "./profile";
import { onWheel, stepOf } from "./steps";
import { WINDOWS, type Layout, type Viewer, type Window } from "./viewer";
import { zoomButtons } from "./zoom";

/** The letters of the patient's sides around an axial slice; the same in every language, as in DICOM. */
const sides = () =>
  h(
    "div",
    { class: "sides", "aria-hidden": "true" },
    ...["R", "A", "L", "P"].map((side) => h("span", {}, side)),
  );

const hasWebgl = () => document.createElement("canvas").getContext("webgl2") !== null;

export class StudyView implements View {
  private readonly layers = new Layers();
  private readonly stop = new AbortController();
  private readonly rows: api.SliceRow[];
  private slice: number;
  private window: Window = WINDOWS.lung;
  private layout: Layout = "axial";
  /** Pictures of the server, and the volume from when it has arrived. */
  private viewer: Viewer;
  private arriving = hasWebgl();
  private loaded = [0, 0];
  private problem: api.ServerError | null = null;
  /** Whether there is a volume that can't be shown as one. */
  private flat = false;

  private profile: Profile | null = null;
  private downloads: Downloads | null = null;
  private toolbar = h("fieldset");
  private frame = h("div");
  private slider = h("input", { type: "range" });
  private caption = h("p");

  constructor(
    private readonly id: string,
    private readonly result: api.StudyResult,
  ) {
    this.rows = result.result.slices;
    this.slice = this.mostInvolved();
    const pictures = new PictureViewer(id, this.layers, this.slice);
    this.viewer = pictures;
    // the volume would keep it waiting
    if (this.arriving) void pictures.first.then(() => this.load());
  }

  dispose(): void {
    this.stop.abort();
    this.profile?.dispose();
    this.viewer.dispose();
  }

  /** The slice that a reader wants to see first. */
  private mostInvolved(): number {
    const held = (row: api.SliceRow) => row.ground_glass_ml + row.consolidation_ml || row.lung_ml * 1e-6;
    return this.rows.reduce((best, row, place) => (held(row) > held(this.rows[best]!) ? place : best), 0);
  }

  private async load(): Promise<void> {
    try {
      const volume = await this.volume();
      if (this.stop.signal.aborted) return volume.dispose();
      this.viewer = volume;
    } catch (error) {
      if (this.stop.signal.aborted) return;
      if (error instanceof api.ServerError) this.problem = error;
      else this.flat = true;
    }
    this.arriving = false;
    this.fillFrame();
    this.allow();
    if (!this.viewer.adjustable) return;
    this.viewer.showLayout(this.layout);
    this.viewer.showLayers(this.layers);
    this.show(this.slice);
  }

  private retry(): void {
    this.problem = null;
    this.arriving = true;
    this.loaded = [0, 0];
    this.fillFrame();
    void this.load();
  }

  private async volume(): Promise<Viewer> {
    const { volume, labels } = this.result;
    const totals = [0, 0];
    const told = (file: number) => (received: number, total: number) => {
      this.loaded[file] = received;
      totals[file] = total;
      this.tellLoading(totals.every((size) => size > 0) ? totals[0]! + totals[1]! : 0);
    };
    const { signal } = this.stop;
    const [{ VolumeViewer }, ct, marked] = await Promise.all([
      import("./volume-viewer"),
      api.download(api.fileUrl(this.id, volume), told(0), signal),
      api.download(api.fileUrl(this.id, labels), told(1), signal),
    ]);
    return VolumeViewer.make(ct, marked, (slice) => slice !== this.slice && this.show(slice, false));
  }

  private tellLoading(total: number): void {
    const bar = this.frame.querySelector("progress");
    const text = this.frame.querySelector(".loading-bytes");
    const sum = this.loaded[0]! + this.loaded[1]!;
    if (bar && total) bar.value = sum / total;
    if (text) text.textContent = fileSize(sum);
  }

  render(): HTMLElement {
    const { result } = this.result;
    this.profile?.dispose();
    this.profile = new Profile(this.rows, (slice) => this.show(slice));
    this.downloads = new Downloads(this.id, this.layers, true, this.result.downloads);
    this.frame = h("div", { class: `viewer-frame${this.layout === "axial" ? " single-plane" : ""}` });
    this.fillFrame();
    const present = {
      ground_glass: result.slices.some((row) => row.ground_glass_ml > 0),
      consolidation: result.slices.some((row) => row.consolidation_ml > 0),
      lung: true,
      dependent: (result.regions[0]?.dependent_ml ?? 0) > 0,
    };
    const element = h(
      "div",
      { class: "study" },
      h("div", { class: "picture-side" }, this.viewerPanel()),
      h(
        "div",
        { class: "figure-side" },
        studySummary(result),
        layerPanel(this.layers, present, () => this.repaint()),
        this.downloads.element,
      ),
      h(
        "div",
        { class: "below" },
        regionTable(result),
        result.aeration && aerationTable(result.aeration),
        scoreTable(result),
        h("div", { class: "stack" }, noteList(result.notes), studyProvenance(this.result)),
      ),
    );
    this.show(this.slice);
    return element;
  }

  private viewerPanel(): HTMLElement {
    const count = this.rows.length;
    this.slider = h("input", {
      type: "range",
      class: "slice-slider",
      min: 0,
      max: count - 1,
      "aria-label": t().viewer.slice,
    });
    this.slider.addEventListener("input", () => this.show(this.slider.valueAsNumber));
    this.caption = h("p", { class: "slice-caption" });
    const panel = h(
      "section",
      { class: "viewer", "aria-label": t().viewer.label },
      this.makeToolbar(),
      this.frame,
      h("div", { class: "slice-bar" }, this.caption, this.slider),
      this.profile!.element,
      h("p", { class: "viewer-help" }, t().viewer.help),
    );
    this.frame.addEventListener("keydown", (event) => {
      const next = stepOf(event, this.slice, count);
      if (next === null) return;
      event.preventDefault();
      this.show(next);
    });
    // down leads towards the feet, as in a chest CT read from the top
    onWheel(
      this.frame,
      () => this.layout === "axial",
      (way) => this.show(this.slice - way),
    );
    return panel;
  }

  private makeToolbar(): HTMLElement {
    const choices = (name: string, options: [string, boolean, () => void][]) =>
      h(
        "div",
        { class: "choices", role: "group", "aria-label": name },
        ...options.map(([text, chosen, choose]) => {
          const press = () => {
            choose();
            for (const other of option.parentElement!.children)
              other.setAttribute("aria-pressed", String(other === option));
          };
          const option = h("button", { type: "button", "aria-pressed": String(chosen), click: press }, text);
          return option;
        }),
      );
    const layouts = choices(t().viewer.layout, [
      [t().viewer.axial, this.layout === "axial", () => this.arrange("axial")],
      [t().viewer.multiplanar, this.layout === "multiplanar", () => this.arrange("multiplanar")],
    ]);
    const level = this.hounsfield("level", t().viewer.level, -1400, 1000);
    const width = this.hounsfield("width", t().viewer.width, 1, 4000);
    const choose = (window: Window) => () => {
      this.window = window;
      level.valueAsNumber = window.level;
      width.valueAsNumber = window.width;
      this.viewer.showWindow(window);
    };
    const is = (window: Window) => window.level === this.window.level && window.width === this.window.width;
    const windows = choices(t().viewer.window, [
      [t().viewer.lungWindow, is(WINDOWS.lung), choose(WINDOWS.lung)],
      [t().viewer.mediastinum, is(WINDOWS.mediastinum), choose(WINDOWS.mediastinum)],
    ]);
    const field = (text: string, input: Child) => h("label", { class: "field" }, text, input);
    this.toolbar = h(
      "fieldset",
      { class: "toolbar" },
      layouts,
      windows,
      field(t().viewer.level, level),
      field(t().viewer.width, width),
      zoomButtons((factor) => this.viewer.zoom(factor)),
    );
    this.allow();
    return this.toolbar;
  }

  /** Pictures can't be adjusted: the tools wait for the volume, or go where none will come. */
  private allow(): void {
    this.toolbar.disabled = !this.viewer.adjustable;
    this.toolbar.hidden = !this.viewer.adjustable && !this.arriving && !this.problem;
  }

  private hounsfield(part: keyof Window, label: string, min: number, max: number): HTMLInputElement {
    const input = h("input", { type: "number", name: part, min, max, step: 10, value: this.window[part] });
    input.setAttribute("aria-label", `${label}, HU`);
    input.addEventListener("input", () => {
      if (!input.checkValidity() && !(input.valueAsNumber >= min && input.valueAsNumber <= max)) return;
      this.window = { ...this.window, [part]: input.valueAsNumber };
      this.viewer.showWindow(this.window);
    });
    return input;
  }

  private arrange(layout: Layout): void {
    this.layout = layout;
    this.frame.classList.toggle("single-plane", layout === "axial");
    this.viewer.showLayout(layout);
    this.viewer.showSlice(this.slice);
  }

  /** The viewer, and why it shows no more than pictures. */
  private fillFrame(): void {
    this.frame.replaceChildren(this.viewer.element, sides());
    if (!this.viewer.adjustable) this.frame.append(h("div", { class: "viewer-note" }, ...this.why()));
  }

  private why(): Child[] {
    const { loading, failed, noWebgl } = t().viewer;
    if (this.arriving)
      return [
        h("span", {}, loading),
        h("progress", { max: 1, "aria-label": loading }),
        h("span", { class: "loading-bytes" }),
      ];
    if (this.problem)
      return [
        h("span", { role: "alert" }, errorText(this.problem)),
        button(t().task.again, () => this.retry(), { kind: "dark" }),
      ];
    return [this.flat ? failed : noWebgl];
  }

  private show(wanted: number, draw = true): void {
    this.slice = Math.min(Math.max(wanted, 0), this.rows.length - 1);
    const text = describe(this.rows, this.slice);
    const position = this.rows[this.slice]?.position_mm;
    this.slider.valueAsNumber = this.slice;
    this.slider.setAttribute("aria-valuetext", text);
    this.caption.textContent = `${t().viewer.sliceOf(n(this.slice), n(this.rows.length - 1))} · ${t().viewer.position(n(position, 1))}`;
    this.profile?.show(this.slice);
    this.downloads?.update(this.slice);
    this.viewer.describe(text);
    if (draw) this.viewer.showSlice(this.slice);
  }

  private repaint(): void {
    this.viewer.showLayers(this.layers);
    this.downloads?.update(this.slice);
  }
}

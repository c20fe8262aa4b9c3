/** The result of a slice, or of an archive of slices. */

import * as api from "./api";
import { button, card, h } from "./dom";
import { Downloads } from "./downloads";
import { errorText, n, share, t } from "./i18n";
import { Layers, layerPanel, type Class } from "./layers";
import type { View } from "./view";
import { noteList, pictureSummary, picturesProvenance } from "./numbers";
import { loadPixels, PictureCanvas, type Pixels } from "./picture-canvas";
import { onWheel, stepOf } from "./steps";
import { Magnifier, zoomButtons } from "./zoom";

/** Decoded pictures that are kept for the way back. */
const KEPT = 8;

export class PicturesView implements View {
  private readonly layers = new Layers();
  private readonly stop = new AbortController();
  private readonly canvas = new PictureCanvas();
  private readonly decoded = new Map<number, Promise<Pixels>>();
  private place = 0;

  private downloads: Downloads | null = null;
  private sides = { summary: h("div"), notes: h("div") };
  private caption = h("p");
  private first = h("p");
  private broken = h("p");
  private strip: HTMLElement | null = null;

  constructor(
    private readonly id: string,
    private readonly result: api.PicturesResult,
  ) {}

  dispose(): void {
    this.stop.abort();
  }

  private get picture(): api.Picture {
    return this.result.images[this.place]!;
  }

  render(): HTMLElement {
    const { images, models } = this.result;
    this.downloads = new Downloads(this.id, this.layers, false, []);
    this.caption = h("p", { class: "slice-caption", "aria-live": "polite" });
    this.first = h("p", { class: "viewer-note" }, t().viewer.archiveFirst(n(images.length)));
    this.broken = h("p", { class: "viewer-note", role: "alert" });
    this.strip = images.length > 1 ? this.makeStrip() : null;
    this.sides = { summary: h("div"), notes: h("div") };
    const frame = h(
      "div",
      { class: "viewer-frame", tabindex: 0, role: "group", "aria-label": t().viewer.picture },
      this.canvas.element,
    );
    const magnifier = new Magnifier(frame, this.canvas.element);
    const viewer = h(
      "section",
      { class: "viewer", "aria-label": t().viewer.label },
      this.first,
      this.broken,
      frame,
      h(
        "div",
        { class: "slice-bar" },
        this.caption,
        zoomButtons((factor) => magnifier.by(factor)),
        images.length > 1 &&
          h(
            "div",
            { class: "row" },
            button(t().viewer.previous, () => this.show(this.place - 1), {
              picture: "previous",
              kind: "dark",
              label: t().viewer.previousPicture,
            }),
            button(t().viewer.next, () => this.show(this.place + 1), {
              picture: "next",
              kind: "dark",
              label: t().viewer.nextPicture,
            }),
          ),
      ),
      this.strip,
    );
    // down and right lead to the next picture
    viewer.addEventListener("keydown", (event) => {
      const { key } = event;
      // arrows move what is magnified
      const moving = magnifier.active && event.target === frame && key.startsWith("Arrow");
      if (images.length === 1 || moving) return;
      const turned = { ArrowUp: "ArrowDown", ArrowDown: "ArrowUp", PageUp: "PageDown", PageDown: "PageUp" }[
        key
      ];
      const next = stepOf(
        turned ? new KeyboardEvent("keydown", { key: turned }) : event,
        this.place,
        images.length,
      );
      if (next === null) return;
      event.preventDefault();
      this.show(next);
      if (this.strip?.contains(event.target as Node)) this.chosenItem()?.focus();
    });
    onWheel(
      frame,
      () => images.length > 1,
      (way) => this.show(this.place + way),
    );
    const element = h(
      "div",
      { class: "study" },
      h("div", { class: "picture-side" }, viewer),
      h(
        "div",
        { class: "figure-side" },
        this.sides.summary,
        layerPanel(this.layers, this.present(), () => void this.paint()),
        this.downloads.element,
      ),
      h(
        "div",
        { class: "below two" },
        this.sides.notes,
        h("div", { class: "stack" }, this.failed(), picturesProvenance(models)),
      ),
    );
    this.show(this.place);
    return element;
  }

  private makeStrip(): HTMLElement {
    const items = this.result.images.map((picture, place) => {
      const figure =
        picture.opacity_percent === null ? t().none : t().percent(share(picture.opacity_percent));
      return h(
        "li",
        {},
        h(
          "button",
          { type: "button", click: () => this.show(place) },
          h("img", {
            src: api.fileUrl(this.id, picture.image),
            alt: "",
            loading: "lazy",
            width: 72,
            height: 72,
          }),
          h("span", { class: "strip-name", title: picture.name }, picture.name.split("/").pop()!),
          h(
            "span",
            { class: "strip-figure" },
            [figure, picture.ct_grade && t().grade(picture.ct_grade)].filter(Boolean).join(" · "),
          ),
        ),
      );
    });
    return h("ul", { class: "strip", "aria-label": t().viewer.strip }, ...items);
  }

  private chosenItem(): HTMLElement | undefined {
    return this.strip?.querySelectorAll<HTMLElement>("button")[this.place];
  }

  private failed(): HTMLElement | null {
    const { failed = [], skipped } = this.result;
    if (!failed.length && !skipped) return null;
    const rows = failed.map((entry) => h("li", {}, h("strong", {}, entry.name), `: ${errorText(entry)}`));
    return card(
      t().viewer.failedPictures,
      "failed-pictures",
      rows.length > 0 && h("ul", {}, ...rows),
      skipped > 0 && h("p", { class: "quiet" }, t().viewer.skipped(n(skipped))),
    );
  }

  private show(wanted: number): void {
    const { images } = this.result;
    this.place = Math.min(Math.max(wanted, 0), images.length - 1);
    const { picture } = this;
    this.first.hidden = this.result.kind !== "archive" || this.place > 0;
    this.caption.textContent =
      images.length > 1
        ? `${t().viewer.imageOf(n(this.place + 1), n(images.length))} · ${picture.name}`
        : `${n(picture.width)} × ${n(picture.height)}`;
    for (const [place, item] of (this.strip?.querySelectorAll("button") ?? []).entries()) {
      item.setAttribute("aria-current", String(place === this.place));
      // one stop of the tab key, not hundreds; arrows lead on from there
      item.tabIndex = place === this.place ? 0 : -1;
    }
    this.chosenItem()?.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.sides.summary.replaceChildren(pictureSummary(picture));
    this.sides.notes.replaceChildren(noteList(picture.notes));
    this.canvas.describe(this.described(picture));
    void this.paint();
  }

  /** What any of the pictures holds: the controls stay where they are from one to the next. */
  private present(): Record<Class, boolean> {
    const { images } = this.result;
    return {
      ground_glass: images.some((picture) => picture.marked.includes("ground_glass")),
      consolidation: images.some((picture) => picture.marked.includes("consolidation")),
      lung: images.some((picture) => picture.marked.includes("lung")),
      dependent: false,
    };
  }

  private described({ name, ground_glass_percent, consolidation_percent, ct_grade }: api.Picture): string {
    const figures = t().viewer.describe(
      t().viewer.pictureLabel(name),
      share(ground_glass_percent),
      share(consolidation_percent),
    );
    return ct_grade ? `${figures}, ${t().grade(ct_grade)}` : figures;
  }

  private pixels(place: number): Promise<Pixels> {
    const kept = this.decoded.get(place);
    if (kept) return kept;
    const { image, labels } = this.result.images[place]!;
    const [grey, marked] = [image, labels].map((path) => api.fileUrl(this.id, path));
    const loading = loadPixels(grey!, marked!, this.stop.signal);
    this.decoded.set(place, loading);
    if (this.decoded.size > KEPT) this.decoded.delete(this.decoded.keys().next().value!);
    return loading;
  }

  private async paint(): Promise<void> {
    this.downloads?.update(this.picture.index);
    const { place } = this;
    let told = "";
    try {
      const pixels = await this.pixels(place);
      if (place === this.place) this.canvas.paint(pixels, this.layers);
    } catch {
      this.decoded.delete(place);
      if (this.stop.signal.aborted) return;
      this.canvas.clear();
      told = t().viewer.failedPicture;
    }
    this.broken.textContent = told;
  }
}

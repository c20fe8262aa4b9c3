/** The slices of a study as pictures that the server paints. */

import { fileUrl } from "./api";
import { h } from "./dom";
import type { Layers } from "./layers";
import type { Viewer } from "./viewer";

export class PictureViewer implements Viewer {
  readonly adjustable = false;
  private readonly image = h("img", { class: "slice-picture", alt: "" });
  readonly element = h("div", { class: "canvas-frame" }, this.image);

  /** When the first picture is there, or will not come. */
  readonly first: Promise<void>;

  constructor(
    private readonly id: string,
    private layers: Layers,
    private slice: number,
  ) {
    this.first = new Promise((resolve) => {
      for (const event of ["load", "error"])
        this.image.addEventListener(event, () => resolve(), { once: true });
    });
    this.load();
  }

  showSlice(slice: number): void {
    this.slice = slice;
    this.load();
  }

  showLayers(layers: Layers): void {
    this.layers = layers;
    this.load();
  }

  showWindow(): void {}
  showLayout(): void {}
  zoom(): void {}
  dispose(): void {}

  describe(text: string): void {
    this.image.alt = text;
  }

  private load(): void {
    const query = this.layers.query();
    query.set("image", String(this.slice));
    this.image.src = fileUrl(this.id, `painted.png?${query}`);
  }
}

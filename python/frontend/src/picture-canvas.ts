/** A picture with its layers, at the picture's own pixels. */

import { h } from "./dom";
import type { Layers } from "./layers";

export interface Pixels {
  width: number;
  height: number;
  /** One byte a pixel. */
  grey: Uint8Array;
  /** 0 none, 1 ground glass, 2 consolidation, 3 other lung. */
  labels: Uint8Array;
}

/** The values of an 8-bit grey PNG as they were written: no colour management, no transparency. */
async function values(
  url: string,
  signal: AbortSignal,
): Promise<{ width: number; height: number; bytes: Uint8Array }> {
  const answer = await fetch(url, { signal });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const bitmap = await createImageBitmap(await answer.blob(), {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const bytes = new Uint8Array(width * height);
  for (let at = 0; at < bytes.length; ++at) bytes[at] = data[4 * at]!;
  return { width, height, bytes };
}

export async function loadPixels(image: string, labels: string, signal: AbortSignal): Promise<Pixels> {
  const [grey, marked] = await Promise.all([values(image, signal), values(labels, signal)]);
  return { width: grey.width, height: grey.height, grey: grey.bytes, labels: marked.bytes };
}

export class PictureCanvas {
  readonly element = h("canvas", { class: "picture", role: "img" });

  paint({ width, height, grey, labels }: Pixels, layers: Layers): void {
    const context = this.element.getContext("2d")!;
    if (this.element.width !== width || this.element.height !== height) {
      this.element.width = width;
      this.element.height = height;
    }
    const table = layers.table();
    const base = layers.masked ? 0 : 1;
    const painted = context.createImageData(width, height);
    const { data } = painted;
    for (let at = 0; at < grey.length; ++at) {
      const value = base * grey[at]!;
      const colour = 4 * labels[at]!;
      const alpha = table[colour + 3]! / 255;
      for (let channel = 0; channel < 3; ++channel)
        data[4 * at + channel] = value + alpha * (table[colour + channel]! - value);
      data[4 * at + 3] = 255;
    }
    context.putImageData(painted, 0, 0);
  }

  clear(): void {
    this.element.getContext("2d")!.clearRect(0, 0, this.element.width, this.element.height);
  }

  describe(text: string): void {
    this.element.setAttribute("aria-label", text);
  }
}

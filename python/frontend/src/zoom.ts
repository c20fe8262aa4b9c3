/** Magnification: its buttons, and a frame whose picture can be magnified and moved. */

import { h } from "./dom";
import { t } from "./i18n";

const STEP = 1.4;
const MOST = 8;

/** A magnification after a change by a factor, or by null back to 1. */
export const magnified = (now: number, factor: number | null): number =>
  Math.min(Math.max(now * (factor ?? 0), 1), MOST);

/** Buttons that call `zoom` with a factor, or with null for the whole picture. */
export function zoomButtons(zoom: (factor: number | null) => void): HTMLElement {
  const texts = t().viewer;
  const press = (sign: string, label: string, factor: number | null) =>
    h("button", { type: "button", "aria-label": label, title: label, click: () => zoom(factor) }, sign);
  return h(
    "div",
    { class: "choices", role: "group", "aria-label": texts.zoom },
    press("−", texts.zoomOut, 1 / STEP),
    press("+", texts.zoomIn, STEP),
    press("↺", texts.zoomReset, null),
  );
}

/** A frame that scrolls over what is in it once that is magnified: by keys, by wheel, or by dragging. */
export class Magnifier {
  private zoom = 1;

  constructor(
    private readonly frame: HTMLElement,
    private readonly content: HTMLElement,
  ) {
    let [x, y] = [0, 0];
    frame.addEventListener("pointerdown", (event) => {
      // fingers scroll by themselves
      if (!this.active || event.pointerType !== "mouse" || event.button !== 0) return;
      frame.setPointerCapture(event.pointerId);
      [x, y] = [event.clientX, event.clientY];
    });
    frame.addEventListener("pointermove", ({ pointerId, clientX, clientY }) => {
      if (!frame.hasPointerCapture(pointerId)) return;
      frame.scrollBy(x - clientX, y - clientY);
      [x, y] = [clientX, clientY];
    });
    this.fit();
  }

  /** Whether there is more of the picture than the frame shows. */
  get active(): boolean {
    return this.zoom > 1;
  }

  /** Magnifies by a factor about the middle of what is seen, or shows the whole again. */
  by(factor: number | null): void {
    const { frame } = this;
    const [x, y] = [frame.scrollLeft + frame.clientWidth / 2, frame.scrollTop + frame.clientHeight / 2];
    const before = this.zoom;
    this.zoom = magnified(before, factor);
    this.fit();
    const ratio = this.zoom / before;
    frame.scrollTo(x * ratio - frame.clientWidth / 2, y * ratio - frame.clientHeight / 2);
  }

  private fit(): void {
    for (const side of ["width", "height"]) this.content.style.setProperty(side, `${100 * this.zoom}%`);
    this.frame.classList.toggle("magnified", this.active);
  }
}

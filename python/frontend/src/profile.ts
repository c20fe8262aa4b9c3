/** Ground glass and consolidation by slice, from feet to head; a slider in the form of a chart. */

import type { SliceRow } from "./api";
import { h, svg } from "./dom";
import { n, share, t } from "./i18n";
import { stepOf } from "./steps";

const HEIGHT = 132;
const MARGIN = { left: 36, right: 12, top: 10, bottom: 22 };

/** Percent of the slice's lung, null where it holds none. */
export function shares({ lung_ml, ground_glass_ml, consolidation_ml }: SliceRow) {
  if (!(lung_ml > 0)) return null;
  return {
    groundGlass: (100 * ground_glass_ml) / lung_ml,
    consolidation: (100 * consolidation_ml) / lung_ml,
  };
}

/** A slice in words. */
export function describe(rows: SliceRow[], slice: number): string {
  const row = rows[slice];
  const name = t().viewer.sliceOf(n(slice), n(rows.length - 1));
  const found = row && shares(row);
  return found
    ? t().viewer.describe(name, share(found.groundGlass), share(found.consolidation))
    : t().viewer.describeNoLung(name);
}

export class Profile {
  readonly element: HTMLElement;
  private readonly chart: SVGSVGElement;
  private readonly highest: number;
  private width = 640;
  private slice = 0;
  private readonly observer: ResizeObserver;

  constructor(
    private readonly rows: SliceRow[],
    private readonly pick: (slice: number) => void,
  ) {
    const most = Math.max(...rows.map((row) => this.total(row)), 0);
    this.highest = [1, 2, 5, 10, 20, 30, 40, 50, 60, 80, 100].find((top) => top >= most) ?? 100;
    this.chart = svg("svg", {
      class: "profile-chart",
      role: "slider",
      tabindex: 0,
      "aria-label": t().viewer.profile,
      "aria-valuemin": 0,
      "aria-valuemax": rows.length - 1,
      height: HEIGHT,
    });
    this.chart.addEventListener("pointerdown", (event) => {
      this.chart.setPointerCapture(event.pointerId);
      this.drag(event);
    });
    this.chart.addEventListener("pointermove", (event) => event.buttons & 1 && this.drag(event));
    this.chart.addEventListener("keydown", (event) => {
      const next = stepOf(event, this.slice, this.rows.length);
      if (next === null) return;
      event.preventDefault();
      this.pick(next);
    });
    this.element = h(
      "figure",
      { class: "profile" },
      h(
        "figcaption",
        {},
        h("strong", {}, t().viewer.profile),
        h("span", { class: "key ground-glass" }, t().numbers.groundGlass),
        h("span", { class: "key consolidation" }, t().numbers.consolidation),
        h("span", { class: "quiet" }, t().viewer.profileAxis),
      ),
      this.chart,
    );
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.element);
    this.draw();
  }

  dispose(): void {
    this.observer.disconnect();
  }

  show(slice: number): void {
    this.slice = slice;
    this.chart.setAttribute("aria-valuenow", String(slice));
    this.chart.setAttribute("aria-valuetext", describe(this.rows, slice));
    this.cursor();
  }

  private total(row: SliceRow): number {
    const found = shares(row);
    return found ? found.groundGlass + found.consolidation : 0;
  }

  private x(slice: number): number {
    const inner = this.width - MARGIN.left - MARGIN.right;
    return MARGIN.left + ((slice + 0.5) / this.rows.length) * inner;
  }

  private y(percent: number): number {
    const inner = HEIGHT - MARGIN.top - MARGIN.bottom;
    return MARGIN.top + inner * (1 - Math.min(percent, this.highest) / this.highest);
  }

  private drag(event: PointerEvent): void {
    const inner = this.width - MARGIN.left - MARGIN.right;
    const at = (event.clientX - this.chart.getBoundingClientRect().left - MARGIN.left) / inner;
    const slice = Math.floor(at * this.rows.length);
    this.pick(Math.min(Math.max(slice, 0), this.rows.length - 1));
  }

  private draw(): void {
    this.width = Math.max(this.element.clientWidth, 200);
    this.chart.setAttribute("viewBox", `0 0 ${this.width} ${HEIGHT}`);
    const right = this.width - MARGIN.right;
    const bottom = HEIGHT - MARGIN.bottom;
    const lines = [0, this.highest / 2, this.highest].map((value) =>
      svg(
        "g",
        { class: "grid" },
        svg("line", { x1: MARGIN.left, x2: right, y1: this.y(value), y2: this.y(value) }),
        svg(
          "text",
          { x: MARGIN.left - 6, y: this.y(value) + 4, "text-anchor": "end" },
          n(value, value % 1 ? 1 : 0),
        ),
      ),
    );
    const foot = (x: number, anchor: string, text: string) =>
      svg("text", { x, y: HEIGHT - 5, "text-anchor": anchor, class: "axis" }, text);
    this.chart.replaceChildren(
      ...lines,
      this.area(
        "consolidation",
        () => 0,
        (row) => shares(row)?.consolidation ?? 0,
      ),
      this.area(
        "ground-glass",
        (row) => shares(row)?.consolidation ?? 0,
        (row) => this.total(row),
      ),
      foot(MARGIN.left, "start", t().viewer.feet),
      foot(right, "end", t().viewer.head),
      svg("line", { class: "cursor", y1: MARGIN.top - 4, y2: bottom }),
      svg("circle", { class: "cursor-mark", r: 4.5 }),
    );
    this.cursor();
  }

  /** The band between two heights of each slice. */
  private area(name: string, low: (row: SliceRow) => number, high: (row: SliceRow) => number): SVGElement {
    const half = 0.5 * (this.x(1) - this.x(0));
    const along = (height: (row: SliceRow) => number, row: SliceRow, slice: number) => [
      [this.x(slice) - half, this.y(height(row))],
      [this.x(slice) + half, this.y(height(row))],
    ];
    const upper = this.rows.flatMap((row, slice) => along(high, row, slice));
    const lower = this.rows.flatMap((row, slice) => along(low, row, slice)).reverse();
    const points = [...upper, ...lower].map(([x, y]) => `${x!.toFixed(1)},${y!.toFixed(1)}`);
    return svg("polygon", { class: name, points: points.join(" ") });
  }

  private cursor(): void {
    const row = this.rows[this.slice];
    const [line, mark] = [this.chart.querySelector(".cursor"), this.chart.querySelector(".cursor-mark")];
    if (!row || !line || !mark) return;
    const x = String(this.x(this.slice));
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
    mark.setAttribute("cx", x);
    mark.setAttribute("cy", String(this.y(this.total(row))));
  }
}

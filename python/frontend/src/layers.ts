/** Which classes are shown, in which colours, and the controls for them. */

import { card, h } from "./dom";
import { n, t } from "./i18n";

export type Class = "ground_glass" | "consolidation" | "lung" | "dependent";

/** The classes by their value in a label picture or volume. */
export const CLASSES: readonly [Class, number][] = [
  ["ground_glass", 1],
  ["consolidation", 2],
  ["lung", 3],
  // stripes over opacity that lies as dependent density does
  ["dependent", 4],
];

export interface Layer {
  on: boolean;
  colour: string;
  opacity: number;
}

export class Layers {
  ground_glass: Layer = { on: true, colour: "#ffd400", opacity: 0.5 };
  consolidation: Layer = { on: true, colour: "#ff3b30", opacity: 0.5 };
  lung: Layer = { on: false, colour: "#5ec8ff", opacity: 0.5 };
  dependent: Layer = { on: true, colour: "#10131a", opacity: 0.6 };
  maskOnly = false;
  /** The picture alone, whatever is switched on. */
  original = false;

  /** Red, green, blue and opacity (0 to 255) of each label value; 0 is what is not marked. */
  table(): Uint8ClampedArray {
    const table = new Uint8ClampedArray(5 * 4);
    if (this.original) return table;
    for (const [name, value] of CLASSES) {
      // without stripes there is ground glass below them
      const layer = name === "dependent" && !this.dependent.on ? this.ground_glass : this[name];
      const { on, colour, opacity } = layer;
      if (!on) continue;
      const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
      table.set([red!, green!, blue!, Math.round(255 * opacity)], 4 * value);
    }
    return table;
  }

  /** Whether only the mask is to be seen now. */
  get masked(): boolean {
    return this.maskOnly && !this.original;
  }

  /** How the server is asked for the same picture. */
  query(): URLSearchParams {
    const query = new URLSearchParams();
    for (const [name] of CLASSES) {
      const { on, colour, opacity } = this[name];
      if (!on || this.original) continue;
      query.set(name, colour.slice(1).toUpperCase());
      query.set(`${name}_opacity`, String(opacity));
    }
    if (this.masked) query.set("mask_only", "1");
    return query;
  }
}

/** The controls; `present` says which classes there is anything of. */
export function layerPanel(
  layers: Layers,
  present: Record<Class, boolean>,
  changed: () => void,
): HTMLElement {
  const rows = CLASSES.filter(([name]) => present[name]).map(([name]) =>
    layerRow(name, layers[name], changed),
  );
  const toggle = (text: string, key: "maskOnly" | "original") => {
    const box = h("input", { type: "checkbox", name: key });
    box.checked = layers[key];
    box.addEventListener("change", () => {
      layers[key] = box.checked;
      changed();
    });
    return h("label", { class: "check" }, box, text);
  };
  return card(
    t().layers.heading,
    "layers",
    rows.length ? h("ul", {}, ...rows) : h("p", { class: "quiet" }, t().layers.nothing),
    rows.length > 0 &&
      h(
        "div",
        { class: "row" },
        toggle(t().layers.maskOnly, "maskOnly"),
        toggle(t().layers.original, "original"),
      ),
  );
}

function layerRow(name: Class, layer: Layer, changed: () => void): HTMLElement {
  const text = t().layers.names[name];
  const box = h("input", { type: "checkbox", name });
  box.checked = layer.on;
  const colour = h("input", {
    type: "color",
    name: `${name}_colour`,
    value: layer.colour,
    "aria-label": t().layers.colour(text),
  });
  const opacity = h("input", {
    type: "range",
    name: `${name}_opacity`,
    min: 0,
    max: 100,
    step: 1,
    value: Math.round(100 * layer.opacity),
    "aria-label": t().layers.opacity(text),
  });
  const figure = h("output", { class: "quiet" });
  const tell = () => {
    figure.textContent = t().percent(n(100 * layer.opacity));
    opacity.setAttribute("aria-valuetext", figure.textContent);
  };
  box.addEventListener("change", () => {
    layer.on = box.checked;
    changed();
  });
  colour.addEventListener("input", () => {
    layer.colour = colour.value;
    changed();
  });
  opacity.addEventListener("input", () => {
    layer.opacity = opacity.valueAsNumber / 100;
    tell();
    changed();
  });
  tell();
  return h("li", {}, h("label", { class: "check" }, box, text), colour, opacity, figure);
}

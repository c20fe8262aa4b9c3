/** Elements from a tag, their attributes and what is in them. No attribute here may be a style: the page's
 * policy forbids them. */

type Value = string | number | boolean | null | undefined | ((event: never) => void);
export type Child = Node | string | null | undefined | false;

function fill<E extends Element>(element: E, attributes: Record<string, Value>, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value as EventListener);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child): child is Node | string => !!child));
  return element;
}

/** An HTML element; a function among the attributes listens to the event of that name. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, Value> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Record<string, Value> = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

const ICONS = {
  upload: "M12 16V4m0 0 5 5m-5-5L7 9M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3",
  download: "M12 4v12m0 0 5-5m-5 5-5-5M4 20h16",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.700-5.700L12 7m2 3a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.700 5.700L12 17",
  remove: "M5 7h14M10 7V5h4v2m-7 0 1 12h8l1-12M10 11v5m4-5v5",
  plus: "M12 5v14M5 12h14",
  warning: "M12 4 2.500 20h19zm0 6v5m0 2.500v.1",
  info: "M12 11v6m0-9.500v.1M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  file: "M7 3h7l5 5v13H7zm7 0v5h5",
  folder: "M3 6h7l2 2h9v11H3z",
  previous: "m15 5-7 7 7 7",
  next: "m9 5 7 7-7 7",
  open: "M14 4h6v6m0-6-9 9M10 5H5v14h14v-5",
} as const;

/** A decorative picture of a line; screen readers pass over it. */
export function icon(name: keyof typeof ICONS): SVGSVGElement {
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: ICONS[name] }),
  );
}

/** A button with text, and an icon before it; `label` is its name where the text is too short for one. */
export function button(
  text: string,
  press: (event: MouseEvent) => void,
  { kind = "", picture, label }: { kind?: string; picture?: keyof typeof ICONS; label?: string } = {},
): HTMLButtonElement {
  return h(
    "button",
    { type: "button", class: `button ${kind}`.trim(), "aria-label": label, click: press },
    picture && icon(picture),
    h("span", {}, text),
  );
}

let counter = 0;

/** An id that no other element has. */
export const freshId = (prefix: string) => `${prefix}-${++counter}`;

/** A part of the page with its heading. */
export function card(title: string, kind: string, ...children: Child[]): HTMLElement {
  const id = freshId("card");
  return h("section", { class: `card ${kind}`, "aria-labelledby": id }, h("h2", { id }, title), ...children);
}

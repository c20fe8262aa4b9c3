/** The frame of the page: head, foot, and the view that the address names. */

import "./styles/base.css";
import "./styles/start.css";
import "./styles/result.css";
import * as api from "./api";
import { h } from "./dom";
import { LANGUAGES, language, onLanguage, setLanguage, t, type Language } from "./i18n";
import { ResultView } from "./result";
import { StartView } from "./start";
import type { View } from "./view";
import mark from "./icon.svg";

const page = document.getElementById("page")!;
const main = h("main", { id: "content", tabindex: -1 });
const head = h("header", { class: "head" });
const foot = h("footer", { class: "foot" });
const asked = api.about().catch(() => null);
let about: api.About | null = null;
let view: View | null = null;
let farewell = "";

function languageSwitch(): HTMLElement {
  const buttons = (Object.keys(LANGUAGES) as Language[]).map((code) =>
    h(
      "button",
      {
        type: "button",
        lang: code,
        "aria-pressed": String(code === language()),
        "aria-label": `${code.toUpperCase()}, ${LANGUAGES[code].name}`,
        click: () => {
          setLanguage(code);
          head.querySelector<HTMLElement>(`button[lang=${code}]`)?.focus();
        },
      },
      code.toUpperCase(),
    ),
  );
  return h("div", { class: "languages", role: "group", "aria-label": t().language }, ...buttons);
}

function renderHead(): void {
  document.documentElement.lang = language();
  head.replaceChildren(
    h("a", { class: "skip", href: "#content", click: skip }, t().skip),
    h(
      "a",
      { class: "brand", href: "#/" },
      h("img", { src: mark, alt: "", width: 32, height: 32 }),
      h("span", {}, h("strong", {}, t().title), h("span", { class: "tagline" }, t().tagline)),
    ),
    languageSwitch(),
  );
}

function renderFoot(): void {
  foot.replaceChildren(
    h("p", { class: "disclaimer" }, t().footer.disclaimer),
    ...(about ? licences(about) : []),
    h(
      "p",
      { class: "quiet" },
      about && h("span", {}, t().footer.version(about.version)),
      " · ",
      h("a", { href: "/licences.txt", target: "_blank", rel: "noopener" }, t().footer.licences),
    ),
  );
}

/** The terms of the models, those with the same ones together. */
function licences({ models }: api.About): HTMLElement[] {
  const names = new Map<string, string[]>();
  for (const { name, licence } of models)
    if (licence) names.set(licence, [...(names.get(licence) ?? []), name]);
  return [...names].map(([licence, of]) =>
    h(
      "p",
      { class: "quiet" },
      `${t().footer.weights} ${of.join(", ")}: `,
      h("span", { lang: "en" }, licence),
    ),
  );
}

/** The address stays that of the view, so the focus is moved by hand. */
function skip(event: Event): void {
  event.preventDefault();
  main.focus();
}

function render(): void {
  renderHead();
  renderFoot();
  if (view) main.replaceChildren(view.render());
}

/** To the start in place of a result that is gone, with a word about it. */
function leave(said: string): void {
  farewell = said;
  location.replace("#/");
}

function route(): void {
  const [, id] = /^#\/r\/([\w-]+)$/.exec(location.hash) ?? [];
  // what is being chosen or sent there goes on
  if (!id && view instanceof StartView) return;
  view?.dispose();
  view = id ? new ResultView(id, leave) : new StartView(asked, farewell);
  farewell = "";
  render();
  document.title = t().title;
}

/** After a link of the page: to the top, and screen readers to what is new. */
function follow(): void {
  route();
  window.scrollTo(0, 0);
  main.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
}

async function begin(): Promise<void> {
  page.append(head, main, foot);
  onLanguage(render);
  window.addEventListener("hashchange", follow);
  route();
  about = await asked;
  renderFoot();
}

void begin();

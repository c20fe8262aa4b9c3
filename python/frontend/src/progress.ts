/** A bar with words, told to screen readers in steps that can be listened to. */

import { button, h, type Child } from "./dom";
import { n, t } from "./i18n";

/** What is under way; `fraction` is null where it is not known how much is left. */
export interface Step {
  title: string;
  detail: string;
  fraction: number | null;
}

export class Progress {
  private readonly title = h("h2", { class: "progress-title" });
  private readonly percent = h("span", { class: "progress-percent", "aria-hidden": "true" });
  private readonly detail = h("p", { class: "progress-detail" });
  private readonly bar = h("progress", { max: 1 });
  private readonly spoken = h("p", { class: "unseen", role: "status" });
  readonly element: HTMLElement;
  private last = "";

  constructor(name: string, cancel: () => void) {
    this.element = h(
      "section",
      { class: "card progress" },
      h("p", { class: "file-name" }, name),
      h("div", { class: "progress-head" }, this.title, this.percent),
      this.bar,
      this.detail,
      button(t().task.cancel, cancel),
      this.spoken,
    );
  }

  set({ title, detail, fraction }: Step): void {
    this.title.textContent = title;
    this.detail.textContent = detail;
    this.bar.setAttribute("aria-label", title);
    if (fraction === null) {
      this.bar.removeAttribute("value");
      this.percent.textContent = "";
    } else {
      this.bar.value = fraction;
      this.percent.textContent = t().percent(n(Math.floor(100 * fraction)));
    }
    const quarter = fraction === null ? "" : `, ${t().percent(n(Math.floor(4 * fraction) * 25))}`;
    if (title + quarter !== this.last) this.spoken.textContent = title + quarter;
    this.last = title + quarter;
  }
}

/** An error in the place where it happened, read out at once. */
export function failure(text: string, ...more: Child[]): HTMLElement {
  return h(
    "section",
    { class: "card failure", role: "alert" },
    h("h2", {}, t().task.failed),
    h("p", {}, text),
    ...more,
  );
}

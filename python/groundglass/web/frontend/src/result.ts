/** A result by its address: the work while it goes on, then what was found. */

import * as api from "./api";
import { button, h } from "./dom";
import { errorText, moment, n, t } from "./i18n";
import type { View } from "./view";
import { PicturesView } from "./pictures";
import { failure, Progress, type Step } from "./progress";
import { forget } from "./recent";
import { StudyView } from "./study";

/** Milliseconds between questions: quick at first, for a single slice takes a second. */
const WAIT = { first: 250, longest: 1500, growth: 1.3 };

/** Share of the work that each stage ends at; the segmentation fills what is between. */
const UNTIL: Record<api.Stage, [number, number]> = {
  read: [0, 0.05],
  lungs: [0.05, 0.15],
  segmentation: [0.15, 0.9],
  quantification: [0.9, 0.93],
  write: [0.93, 1],
};

function stepOf(job: api.Job): Step {
  if (job.state === "queued") {
    const detail = job.position > 0 ? t().task.position(n(job.position)) : t().task.leave;
    return { title: t().task.queued, detail, fraction: null };
  }
  const stage = job.stage ?? "read";
  const [from, to] = job.kind === "study" ? UNTIL[stage] : [0, 1];
  const done = job.total > 0 ? job.done / job.total : 0;
  const count = job.kind === "study" ? t().task.slices : t().task.pictures;
  const counted = job.total > 1 ? count(n(job.done), n(job.total)) : "";
  const title = job.stage ? t().task.stages[stage] : t().task.stages.start;
  return {
    title,
    detail: [counted, t().task.leave].filter(Boolean).join(". "),
    fraction: from + (to - from) * done,
  };
}

export class ResultView implements View {
  private root = h("div");
  private job: api.Job | null = null;
  private problem: { code: string; text?: string } | null = null;
  private cancelled = false;
  private progress: Progress | null = null;
  private view: View | null = null;
  private timer = 0;
  private wait = WAIT.first;
  private disposed = false;

  constructor(private readonly id: string) {
    void this.poll();
  }

  dispose(): void {
    this.disposed = true;
    clearTimeout(this.timer);
    this.view?.dispose();
  }

  render(): HTMLElement {
    this.progress = null;
    this.root = h("div", { class: "result" }, ...this.parts());
    return this.root;
  }

  private refresh(): void {
    this.progress = null;
    this.root.replaceChildren(...this.parts());
  }

  private parts(): HTMLElement[] {
    const { job } = this;
    if (this.problem) return [this.plain(t().task.failed), failure(errorText(this.problem), this.anew())];
    if (this.cancelled)
      return [
        this.plain(t().task.analysing),
        h("p", { class: "message", role: "status" }, t().task.cancelled),
        this.anew(),
      ];
    if (!job) return [this.plain(t().result.loading)];
    if (job.state === "queued" || job.state === "running") {
      this.progress = new Progress(job.name, () => void this.cancel());
      this.progress.set(stepOf(job));
      return [this.plain(t().task.analysing), this.progress.element];
    }
    if (!this.view) return [this.plain(t().result.loading)];
    return [this.head(job), this.view.render()];
  }

  private plain(text: string): HTMLElement {
    return h("h1", { tabindex: -1, class: "plain-title" }, text);
  }

  private anew(): HTMLElement {
    return h("p", {}, h("a", { class: "button primary", href: "#/" }, t().home));
  }

  private head(job: api.Job): HTMLElement {
    const said = h("p", { class: "quiet", role: "status" });
    const copy = button(t().result.copy, () => void this.copy(said), { picture: "link" });
    return h(
      "div",
      { class: "result-head" },
      h(
        "div",
        {},
        h("h1", { tabindex: -1, class: "file-name" }, job.name),
        h("p", { class: "quiet" }, `${t().result[job.kind]} · ${t().result.expires(moment(job.expires))}`),
        said,
      ),
      h(
        "div",
        { class: "row" },
        copy,
        button(t().result.remove, () => this.ask(job), { picture: "remove" }),
        h("a", { class: "button primary", href: "#/" }, t().home),
      ),
    );
  }

  private async copy(said: HTMLElement): Promise<void> {
    try {
      await navigator.clipboard.writeText(location.href);
      said.textContent = t().result.copied;
    } catch {
      // without TLS a browser keeps its clipboard closed, so the link is left to be copied by hand
      said.textContent = location.href;
    }
  }

  private ask(job: api.Job): void {
    const dialog = h(
      "dialog",
      { "aria-label": t().result.remove },
      h("p", {}, t().result.removeAsk(job.name)),
      h(
        "div",
        { class: "row" },
        button(t().result.keep, () => dialog.close()),
        button(t().result.remove, () => void this.remove(dialog), { kind: "danger", picture: "remove" }),
      ),
    );
    dialog.addEventListener("close", () => dialog.remove());
    this.root.append(dialog);
    dialog.showModal();
  }

  private async remove(dialog: HTMLDialogElement): Promise<void> {
    dialog.close();
    try {
      await api.remove(this.id);
    } catch (error) {
      if (!(error instanceof api.ServerError)) throw error;
      if (error.code !== "not_found") return this.fail(error);
    }
    forget(this.id);
    location.hash = "#/";
  }

  private async cancel(): Promise<void> {
    clearTimeout(this.timer);
    try {
      await api.cancel(this.id);
    } catch (error) {
      if (!(error instanceof api.ServerError)) throw error;
      return this.fail(error);
    }
    forget(this.id);
    this.cancelled = true;
    this.refresh();
    this.root.querySelector<HTMLElement>(".button")?.focus();
  }

  private fail(error: api.ServerError): void {
    if (error.code === "not_found") forget(this.id);
    this.problem = { code: error.code, text: error.message };
    this.refresh();
  }

  private async poll(): Promise<void> {
    let job: api.Job;
    try {
      job = await api.job(this.id);
    } catch (error) {
      if (!(error instanceof api.ServerError)) throw error;
      // a connection that fails once may come back
      if (error.code === "network" && this.job) return this.later();
      return this.fail(error);
    }
    if (this.disposed || this.cancelled) return;
    this.job = job;
    if (job.state === "queued" || job.state === "running") {
      if (this.progress) this.progress.set(stepOf(job));
      else this.refresh();
      return this.later();
    }
    if (job.state === "cancelled") this.cancelled = true;
    else if (job.error) this.problem = job.error;
    else if (job.result?.kind === "study") this.view = new StudyView(this.id, job.result);
    else if (job.result) this.view = new PicturesView(this.id, job.result);
    document.title = `${job.name} · ${t().title}`;
    const waited = this.progress !== null;
    this.refresh();
    if (waited) this.root.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
  }

  private later(): void {
    if (this.disposed) return;
    this.timer = window.setTimeout(() => void this.poll(), this.wait);
    this.wait = Math.min(this.wait * WAIT.growth, WAIT.longest);
  }
}

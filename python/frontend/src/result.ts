/** A result by its address: the work while it goes on, then what was found. */

import * as api from "./api";
import { confirmRemoval } from "./confirm";
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

  /** `leave` shows the start page with what is to be said there. */
  constructor(
    private readonly id: string,
    private readonly leave: (said: string) => void,
  ) {
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
    if (this.problem) {
      const again = api.passing(this.problem) && button(t().task.again, () => this.retry());
      return [
        this.plain(job?.name ?? t().numbers.heading),
        failure(errorText(this.problem), h("div", { class: "row" }, again, this.anew())),
      ];
    }
    if (this.cancelled)
      return [
        this.plain(job?.name ?? t().task.analysing),
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
    return h("h1", { tabindex: -1, class: "plain-title file-name" }, text);
  }

  private anew(): HTMLElement {
    return h("a", { class: "button primary", href: "#/" }, t().home);
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
        button(t().result.remove, () => void this.remove(job, said), { picture: "remove" }),
        this.anew(),
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

  private async remove({ name }: api.Job, said: HTMLElement): Promise<void> {
    if (!(await confirmRemoval(name))) return;
    try {
      await api.remove(this.id);
    } catch (error) {
      if (!(error instanceof api.ServerError)) throw error;
      if (error.code !== "not_found") {
        said.textContent = errorText(error);
        return;
      }
    }
    forget(this.id);
    if (!this.disposed) this.leave(t().result.removed(name));
  }

  private async cancel(): Promise<void> {
    clearTimeout(this.timer);
    try {
      await api.cancel(this.id);
    } catch (error) {
      if (!(error instanceof api.ServerError)) throw error;
      return api.passing(error) ? this.wonder() : this.fail(error);
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

  private retry(): void {
    this.problem = null;
    this.refresh();
    void this.poll();
  }

  /** No answer: the analysis may well go on, so the question is put again, and this is told meanwhile. */
  private wonder(): void {
    this.progress?.set({ title: t().task.unreachable, detail: t().task.retrying, fraction: null });
    this.later();
  }

  private async poll(): Promise<void> {
    let job: api.Job;
    try {
      job = await api.job(this.id);
    } catch (error) {
      if (!(error instanceof api.ServerError)) throw error;
      return api.passing(error) && this.job ? this.wonder() : this.fail(error);
    }
    if (this.disposed || this.cancelled) return;
    this.job = job;
    if (job.state === "queued" || job.state === "running") {
      if (this.progress) this.progress.set(stepOf(job));
      else this.refresh();
      return this.later();
    }
    if (job.error) this.problem = job.error;
    else if (job.state === "cancelled") this.cancelled = true;
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

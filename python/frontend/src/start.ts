/** The first page: choose, look, send; and what was sent before. */

import * as api from "./api";
import { confirmRemoval } from "./confirm";
import { button, freshId, h, icon } from "./dom";
import { errorText, fileSize, language, megabytes, moment, n, t } from "./i18n";
import type { View } from "./view";
import { dropped, isRar, pack, picked, select, type Entry, type Selection } from "./pack";
import { failure, Progress, type Step } from "./progress";
import { forget, recent, remember, type Recent } from "./recent";

type Phase = "idle" | "chosen" | "sending";

/** How long the list of results stays as it is while one of them is on its way. */
const LIST_MS = 2000;

const stateOf = (entry: api.Listed | Recent) => ("state" in entry ? entry.state : "done");
const onItsWay = (entry: api.Listed | Recent) => ["queued", "running"].includes(stateOf(entry));

export class StartView implements View {
  private root = h("div");
  private phase: Phase = "idle";
  private selection: Selection | null = null;
  private preview: string | null = null;
  private problem: { code: string; text?: string } | null = null;
  private progress: Progress | null = null;
  private step: (() => Step) | null = null;
  private readonly stop = new AbortController();
  private running: AbortController | null = null;
  private listed: (api.Listed | Recent)[] = recent();
  private about: api.About | null = null;
  private next = 0;

  /** `message` is said above the list of results. */
  constructor(
    about: Promise<api.About | null>,
    private message: string,
  ) {
    void about.then((found) => this.begin(found));
    const { signal } = this.stop;
    // the browser asks whether to leave
    window.addEventListener("beforeunload", (event) => this.phase === "sending" && event.preventDefault(), {
      signal,
    });
    // another tab has sent or deleted something
    window.addEventListener("storage", () => void this.list(), { signal });
    // a drop beside the zone would replace the page by the file
    for (const name of ["dragover", "drop"])
      window.addEventListener(name, (event) => event.preventDefault(), { signal });
  }

  dispose(): void {
    this.stop.abort();
    clearTimeout(this.next);
    this.running?.abort();
    if (this.preview) URL.revokeObjectURL(this.preview);
  }

  render(): HTMLElement {
    this.root = h("div", { class: "start" }, ...this.parts());
    return this.root;
  }

  private refresh(): void {
    this.root.replaceChildren(...this.parts());
  }

  private parts(): HTMLElement[] {
    const parts: HTMLElement[] = [
      h(
        "div",
        { class: "intro" },
        h("h1", { tabindex: -1 }, t().start.heading),
        h("p", { class: "lead" }, t().start.lead),
      ),
    ];
    if (this.phase === "sending" && this.selection) parts.push(this.sending(this.selection));
    else if (this.phase === "chosen" && this.selection) parts.push(this.chosen(this.selection));
    else parts.push(this.zone());
    if (this.problem) parts.push(failure(errorText(this.problem)));
    if (this.message) parts.push(h("p", { class: "message", role: "status" }, this.message));
    parts.push(this.recents());
    return parts;
  }

  private zone(): HTMLElement {
    const limits = this.about?.limits;
    const file = h("input", {
      type: "file",
      multiple: true,
      class: "unseen",
      tabindex: -1,
      "aria-hidden": "true",
    });
    const folder = h("input", {
      type: "file",
      webkitdirectory: true,
      class: "unseen",
      tabindex: -1,
      "aria-hidden": "true",
    });
    for (const input of [file, folder])
      input.addEventListener(
        "change",
        () => input.files && this.choose(Promise.resolve(picked(input.files))),
      );
    const zone = h(
      "section",
      { class: "zone", "aria-label": t().start.drop },
      h("div", { class: "zone-mark" }, icon("upload")),
      h("p", { class: "zone-title" }, t().start.drop),
      h(
        "div",
        { class: "zone-buttons" },
        button(t().start.choose, () => file.click(), { kind: "primary", picture: "file" }),
        button(t().start.folder, () => folder.click(), { picture: "folder" }),
      ),
      file,
      folder,
      this.kinds(),
      limits &&
        h(
          "p",
          { class: "quiet" },
          t().start.limits(n(limits.upload_mb), n(limits.image_edge_px), n(limits.archive_images)),
        ),
      this.about && h("p", { class: "quiet" }, t().start.privacy(n(this.about.ttl_hours))),
    );
    let depth = 0;
    const over = (change: number) => (depth = Math.max(0, depth + change));
    zone.addEventListener("dragenter", () => zone.classList.toggle("over", over(1) > 0));
    zone.addEventListener("dragleave", () => zone.classList.toggle("over", over(-1) > 0));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("over");
      if (event.dataTransfer) this.choose(dropped(event.dataTransfer));
    });
    return zone;
  }

  private kinds(): HTMLElement {
    const { study, studyText, slice, sliceText, archive, archiveText } = t().start.kinds;
    const rows = [
      [study, studyText],
      [slice, sliceText],
      [archive, archiveText],
    ].map(([name, text]) => h("div", {}, h("dt", {}, name!), h("dd", {}, text!)));
    return h("dl", { class: "kinds" }, ...rows);
  }

  private async choose(found: Promise<Entry[]>): Promise<void> {
    this.problem = null;
    this.message = "";
    try {
      const selection = select(await found);
      const only = selection.entries.length === 1 ? selection.entries[0]!.file : null;
      const limit = this.about?.limits.upload_mb;
      if (selection.size === 0) throw new api.ServerError("empty_file", "The file is empty.");
      if (only && (await isRar(only))) throw new api.ServerError("rar", "RAR is not read.");
      if (limit && selection.size > limit * 1e6) throw new api.ServerError("too_large", "Too large.");
      this.selection = selection;
      this.phase = "chosen";
      if (this.preview) URL.revokeObjectURL(this.preview);
      this.preview = only && /\.(png|jpe?g)$/i.test(only.name) ? URL.createObjectURL(only) : null;
    } catch (error) {
      this.fail(error);
    }
    this.refresh();
    this.focusNext();
  }

  /** To the button that leads on. */
  private focusNext(): void {
    this.root.querySelector<HTMLElement>(":is(.zone, .chosen) .primary")?.focus();
  }

  private fail(error: unknown): void {
    const again = error instanceof api.ServerError && api.passing(error);
    this.phase = again ? "chosen" : "idle";
    if (!(error instanceof api.ServerError)) this.problem = { code: "unreadable_file", text: String(error) };
    else if (error.code === "cancelled") this.message = t().task.cancelled;
    else this.problem = { code: error.code, text: error.message };
  }

  private chosen({ name, size, entries }: Selection): HTMLElement {
    const picture = this.preview && h("img", { src: this.preview, alt: t().start.preview(name) });
    // a picture the browser can't show may still be told more about by the server
    if (picture) picture.addEventListener("error", () => picture.remove());
    return h(
      "section",
      { class: "card chosen", "aria-label": t().start.chosen },
      h(
        "div",
        { class: picture ? "preview" : "preview without" },
        picture || icon(entries.length > 1 ? "folder" : "file"),
      ),
      h(
        "div",
        {},
        h("p", { class: "quiet" }, t().start.chosen),
        h("p", { class: "file-name" }, name),
        h("p", { class: "quiet" }, fileSize(size)),
        entries.length > 1 && h("p", { class: "quiet" }, t().start.packed(n(entries.length))),
        h(
          "div",
          { class: "row" },
          button(t().start.analyse, () => void this.send(), { kind: "primary" }),
          button(t().start.another, () => {
            this.phase = "idle";
            this.problem = null;
            this.refresh();
            this.focusNext();
          }),
        ),
      ),
    );
  }

  private sending({ name }: Selection): HTMLElement {
    this.progress = new Progress(name, () => this.running?.abort());
    if (this.step) this.progress.set(this.step());
    return this.progress.element;
  }

  private tell(step: () => Step): void {
    this.step = step;
    this.progress?.set(step());
  }

  private async send(): Promise<void> {
    const { selection } = this;
    if (!selection) return;
    const running = (this.running = new AbortController());
    this.problem = null;
    this.phase = "sending";
    this.tell(() => ({ title: t().task.uploading, detail: "", fraction: 0 }));
    this.refresh();
    this.root.querySelector<HTMLElement>(".progress button")?.focus();
    try {
      const body = await pack(
        selection,
        (done, total) =>
          this.tell(() => ({
            title: t().task.packing,
            detail: t().task.packed(n(done), n(total)),
            fraction: done / total,
          })),
        running.signal,
      );
      const job = await api.upload(
        body,
        selection.name,
        language(),
        (done, total) =>
          this.tell(() => ({
            title: t().task.uploading,
            detail: t().task.bytes(megabytes(done), megabytes(total)),
            fraction: total ? done / total : 0,
          })),
        running.signal,
      );
      remember(job);
      location.hash = `#/r/${job.id}`;
    } catch (error) {
      this.fail(error);
      this.refresh();
      this.focusNext();
    }
  }

  private async begin(about: api.About | null): Promise<void> {
    this.about = about;
    this.root.querySelector(".zone")?.replaceWith(this.zone());
    this.relist();
    await this.list();
  }

  private async list(): Promise<void> {
    clearTimeout(this.next);
    const listed = this.about?.shared ? await api.list().catch(recent) : await this.verified();
    if (this.stop.signal.aborted) return;
    const shown = (entries: (api.Listed | Recent)[]) =>
      entries.map((entry) => entry.id + stateOf(entry)).join();
    const same = shown(listed) === shown(this.listed);
    this.listed = listed;
    if (!same) this.relist();
    if (listed.some(onItsWay)) this.next = window.setTimeout(() => void this.list(), LIST_MS);
  }

  /** Shows the list anew; the focus stays where it was in it. */
  private relist(): void {
    const before = this.root.querySelector(".recent");
    const places = (list: Element | null) => [...(list?.querySelectorAll<HTMLElement>("a, button") ?? [])];
    const focused = places(before).findIndex((place) => place === document.activeElement);
    const after = this.recents();
    before?.replaceWith(after);
    places(after)[focused]?.focus();
  }

  /** What the server still has of this browser's list; the rest is forgotten. */
  private async verified(): Promise<(api.Listed | Recent)[]> {
    const known = new Map(this.listed.map((entry) => [entry.id, entry]));
    const found = recent().map(async (entry) => {
      const before = known.get(entry.id);
      if (before && "state" in before && !onItsWay(before)) return before;
      try {
        return await api.job(entry.id);
      } catch (error) {
        if (!(error instanceof api.ServerError) || error.code !== "not_found") return before ?? entry;
        forget(entry.id);
        return null;
      }
    });
    return (await Promise.all(found)).filter((entry) => entry !== null);
  }

  private recents(): HTMLElement {
    const texts = t().recent;
    const label = freshId("recent");
    const rows = this.listed.map((entry) => {
      const { id, name, kind, expires } = entry;
      const state = stateOf(entry);
      return h(
        "li",
        {},
        h(
          "a",
          { href: `#/r/${id}` },
          h("span", { class: "file-name" }, name),
          h(
            "span",
            { class: "quiet" },
            [texts.kinds[kind], state === "done" ? "" : texts.states[state], texts.until(moment(expires))]
              .filter(Boolean)
              .join(" · "),
          ),
        ),
        h(
          "button",
          {
            type: "button",
            class: "button plain",
            "aria-label": texts.remove(name),
            click: () => void this.remove(entry),
          },
          icon("remove"),
        ),
      );
    });
    return h(
      "section",
      { class: "recent", "aria-labelledby": label },
      h("h2", { id: label }, this.about?.shared ? texts.headingShared : texts.heading),
      rows.length ? h("ul", {}, ...rows) : h("p", { class: "quiet" }, texts.empty),
    );
  }

  private async remove({ id, name }: Recent): Promise<void> {
    if (!(await confirmRemoval(name))) return;
    try {
      await api.remove(id);
    } catch (error) {
      if (!(error instanceof api.ServerError)) throw error;
      if (error.code !== "not_found") {
        this.problem = { code: error.code, text: error.message };
        this.refresh();
        return;
      }
    }
    forget(id);
    this.listed = this.listed.filter((entry) => entry.id !== id);
    this.message = t().result.removed(name);
    this.refresh();
    this.root.querySelector<HTMLElement>("h1")?.focus();
  }
}

/** What can be taken away: the painted pictures as they are shown, and the files of the result. */

import { fileUrl } from "./api";
import { card, h, icon } from "./dom";
import { language, t } from "./i18n";
import type { Layers } from "./layers";

function link(href: string, text: string): HTMLAnchorElement {
  return h("a", { class: "file", href, download: "" }, icon("download"), text);
}

/** The links to painted pictures follow layers and slice; call `update` when those change. */
export class Downloads {
  readonly element: HTMLElement;
  private readonly picture: HTMLAnchorElement;
  private readonly zip: HTMLAnchorElement;

  constructor(
    private readonly id: string,
    private readonly layers: Layers,
    study: boolean,
    files: { name: string; label: string }[],
  ) {
    const texts = t().downloads;
    this.picture = link("", study ? texts.pictureSlice : texts.picture);
    this.zip = link("", study ? texts.zipSlices : texts.zip);
    const report = files.find(({ name }) => name === "report.html");
    this.element = card(
      texts.heading,
      "downloads",
      report &&
        h(
          "a",
          { class: "button", href: fileUrl(id, `files/${report.name}`), target: "_blank", rel: "noopener" },
          icon("open"),
          texts.openReport,
        ),
      h("div", { class: "files" }, this.picture, this.zip),
      h("p", { class: "quiet" }, study ? texts.paintedSlices : texts.painted),
      files.length > 0 &&
        h(
          "ul",
          { class: "files" },
          ...files.map(({ name, label }) =>
            h(
              "li",
              {},
              link(
                fileUrl(id, `files/${name}?download=1`),
                texts.labels[name] ?? texts.labels[label] ?? name,
              ),
            ),
          ),
        ),
    );
  }

  update(image: number): void {
    const query = this.layers.query();
    query.set("lang", language());
    this.zip.href = fileUrl(this.id, `painted.zip?${query}`);
    query.delete("lang");
    query.set("image", String(image));
    query.set("download", "1");
    this.picture.href = fileUrl(this.id, `painted.png?${query}`);
  }
}

/** Asks before a result is deleted for good. */

import { button, h } from "./dom";
import { t } from "./i18n";

/** Whether the result of that name is to be deleted; the focus goes back to where it was. */
export function confirmRemoval(name: string): Promise<boolean> {
  const texts = t().result;
  return new Promise((resolve) => {
    const close = (answer: string) => () => dialog.close(answer);
    const dialog = h(
      "dialog",
      { "aria-label": texts.remove },
      h("p", {}, texts.removeAsk(name)),
      h(
        "div",
        { class: "row" },
        button(texts.keep, close("")),
        button(texts.remove, close("remove"), { kind: "danger", picture: "remove" }),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "remove");
    });
    // the back button leads away from what is asked about
    window.addEventListener("hashchange", close(""), { once: true });
    document.body.append(dialog);
    dialog.showModal();
  });
}

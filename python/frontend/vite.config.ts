import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const LICENCES = "licences.txt";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** NiiVue's package names its licence without the text, which has to go along. */
function licenceOfNiivue(): Plugin {
  return {
    name: "licence-of-niivue",
    writeBundle({ dir }) {
      const file = join(dir!, LICENCES);
      const [found, text] = [file, here("licences/niivue.txt")].map((path) => readFileSync(path, "utf8"));
      const heading = /^## @niivue\/niivue - .*$/m;
      if (!heading.test(found!)) this.error(`${LICENCES} does not tell of NiiVue`);
      writeFileSync(
        file,
        found!.replace(heading, (line) => `${line}\n\n${text}`),
      );
    },
  };
}

/**
 * NiiVue computes the gradients of a volume, for the light on a rendering in 3-D, whenever the grey scale
 * changes. This page has no such rendering; without a graphics card they are most of the time.
 */
function noGradients(): Plugin {
  return {
    name: "no-gradients",
    transform(code, id) {
      if (!/@niivue\/niivue\/.*\.js$/.test(id)) return null;
      const call = /(this\.volumeTexture = outTexture;\s+)this\.gradientTexture = gradientGL\(/;
      if (!call.test(code)) this.error("NiiVue computes gradients in another way than it did");
      return { code: code.replace(call, "$1void ("), map: null };
    },
  };
}

export default defineConfig({
  plugins: [licenceOfNiivue(), noGradients()],
  resolve: { alias: { zarrita: here("src/no-zarr.ts") } },
  build: {
    outDir: "../groundglass/web/static",
    emptyOutDir: true,
    target: "es2022",
    // inlined files would be data: addresses, which the policy of the page allows for pictures alone
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // NiiVue, loaded when a volume is shown
    chunkSizeWarningLimit: 1000,
    license: { fileName: LICENCES },
  },
});

/** Air and tissue of the regions, as a table. */

import type { Aeration } from "./api";
import { card, h } from "./dom";
import { n, t } from "./i18n";
import { table } from "./numbers";

const COMPARTMENTS = [
  "hyperinflated",
  "normally_aerated",
  "poorly_aerated",
  "non_aerated",
  "denser",
] as const;

/** The whole HU that each compartment holds: "below −900", "−900 to −501". */
function ranges(edges: number[]): string[] {
  const { below, above, between } = t().aeration;
  const [first, second, third, last] = edges as [number, number, number, number];
  return [
    below(n(first)),
    between(n(first), n(second - 1)),
    between(n(second), n(third - 1)),
    between(n(third), n(last)),
    above(n(last)),
  ];
}

export function aerationTable({ bands_hu, regions }: Aeration): HTMLElement {
  const texts = t().aeration;
  const held = ranges(bands_hu);
  const head = [
    t().numbers.region,
    ...COMPARTMENTS.map((name, place) => `${texts.names[name]}, % (${held[place]!})`),
    texts.low950,
    texts.low910,
    texts.perc15,
    texts.mean,
    texts.gas,
    texts.mass,
    texts.ratio,
  ];
  const rows = regions.map((row) => [
    t().numbers.regions[row.region] ?? row.region,
    ...COMPARTMENTS.map((name) => n(row[`${name}_percent`], 1)),
    n(row.low_attenuation_950_percent, 2),
    n(row.low_attenuation_910_percent, 2),
    n(row.perc15_hu),
    n(row.mean_hu),
    n(row.gas_ml),
    n(row.lung_mass_g),
    n(row.air_tissue_ratio, 2),
  ]);
  return card(
    texts.heading,
    "wide",
    table(texts.heading, head, rows),
    h("p", { class: "quiet" }, texts.about),
  );
}

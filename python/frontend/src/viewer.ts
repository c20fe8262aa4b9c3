/** What shows the slices of a study: NiiVue, or pictures of the server where there is no WebGL 2. */

import type { Layers } from "./layers";

export type Layout = "axial" | "multiplanar";

/** Centre and extent of the grey scale, in HU. */
export interface Window {
  level: number;
  width: number;
}

export interface Viewer {
  readonly element: HTMLElement;
  /** Whether layout, grey scale and magnification can be changed. */
  readonly adjustable: boolean;
  showSlice(slice: number): void;
  showLayers(layers: Layers): void;
  showWindow(window: Window): void;
  showLayout(layout: Layout): void;
  /** Magnifies by a factor, or back to the whole slice. */
  zoom(factor: number | null): void;
  describe(text: string): void;
  dispose(): void;
}

/** The window of the pictures that the analysis writes, and that of soft tissue. */
export const WINDOWS = {
  lung: { level: -600, width: 1500 },
  mediastinum: { level: 40, width: 400 },
} as const satisfies Record<string, Window>;

/** The study as a volume on the graphics card, by NiiVue. */

import { DRAG_MODE, Niivue, NVImage, SHOW_RENDER, SLICE_TYPE } from "@niivue/niivue";
import { h } from "./dom";
import type { Layers } from "./layers";
import { WINDOWS, type Layout, type Viewer, type Window } from "./viewer";
import { magnified } from "./zoom";

export class VolumeViewer implements Viewer {
  readonly adjustable = true;
  readonly element = h("div", { class: "canvas-frame" });
  private readonly canvas = h("canvas", { role: "img", class: "volume" });
  private layout: Layout = "axial";
  private slices = 1;
  private pending = 0;
  private readonly niivue = new Niivue({
    logLevel: "error",
    sliceType: SLICE_TYPE.AXIAL,
    isRadiologicalConvention: true,
    showAllOrientationMarkers: true,
    multiplanarShowRender: SHOW_RENDER.NEVER,
    multiplanarPadPixels: 8,
    dragMode: DRAG_MODE.none,
    dragModePrimary: DRAG_MODE.pan,
    dragAndDropEnabled: false,
    crosshairWidth: 0,
    crosshairWidthUnit: "mm",
    crosshairColor: [0.37, 0.78, 1, 0.7],
    // to be read on black and on the white of the lung window
    fontColor: [0.1, 0.48, 0.95, 1],
    backColor: [0, 0, 0, 1],
    fontMinPx: 17,
    loadingText: "",
    viewModeHotKey: "",
    clipPlaneHotKey: "",
    cycleClipPlaneHotKey: "",
  });

  /** Both files are gzipped NIfTI on one grid; `picked` is told of slices reached by a click in another plane. */
  static async make(
    volume: ArrayBuffer,
    labels: ArrayBuffer,
    picked: (slice: number) => void,
  ): Promise<VolumeViewer> {
    const viewer = new VolumeViewer();
    try {
      await viewer.load(volume, labels);
    } catch (error) {
      viewer.dispose();
      throw error;
    }
    viewer.niivue.onLocationChange = (place) => {
      const { vox } = place as { vox?: number[] };
      if (viewer.layout === "multiplanar" && vox) picked(Math.round(vox[2]!));
    };
    return viewer;
  }

  private constructor() {
    this.element.append(this.canvas);
    // a finger that slides over a single plane should move the page
    for (const name of ["touchstart", "touchmove", "touchend"])
      this.element.addEventListener(name, (event) => this.layout === "axial" && event.stopPropagation(), {
        capture: true,
      });
    // NiiVue's own answer would be to reset the grey scale
    this.element.addEventListener("dblclick", (event) => event.stopPropagation(), { capture: true });
    for (const name of ["keydown", "keyup"])
      this.element.addEventListener(name, (event) => event.target === this.canvas && this.pass(event), {
        capture: true,
      });
  }

  /** Keys are the page's: they reach what is around the canvas, not NiiVue's listeners on it. */
  private pass(event: Event): void {
    const { key, ctrlKey, metaKey, altKey } = event as KeyboardEvent;
    event.stopPropagation();
    const copy = new KeyboardEvent(event.type, {
      key,
      ctrlKey,
      metaKey,
      altKey,
      bubbles: true,
      cancelable: true,
    });
    if (!this.element.dispatchEvent(copy)) event.preventDefault();
  }

  private async load(volume: ArrayBuffer, labels: ArrayBuffer): Promise<void> {
    const { niivue } = this;
    await niivue.attachToCanvas(this.canvas, false);
    const { level, width } = WINDOWS.lung;
    const [ct, marked] = await Promise.all([
      NVImage.loadFromUrl({
        url: volume,
        name: "ct.nii.gz",
        colormap: "gray",
        cal_min: level - width / 2,
        cal_max: level + width / 2,
      }),
      NVImage.loadFromUrl({ url: labels, name: "labels.nii.gz" }),
    ]);
    niivue.addVolume(ct);
    niivue.drawOpacity = 1;
    if (!niivue.loadDrawing(marked)) throw new Error("the labels are not on the grid of the volume");
    this.slices = ct.dimsRAS?.[3] ?? 1;
  }

  showSlice(slice: number): void {
    const { crosshairPos } = this.niivue.scene;
    crosshairPos[2] = (slice + 0.5) / this.slices;
    this.draw();
  }

  showLayers(layers: Layers): void {
    const table = layers.table();
    // on black the colours are mixed here, for the volume below is not drawn; what is not shown is black
    // too: beside a label with a colour the card would let a trace of it through, and the volume with it
    if (layers.masked)
      for (let at = 4; at < table.length; at += 4) {
        const alpha = table[at + 3]!;
        for (let channel = 0; channel < 3; ++channel) table[at + channel]! *= alpha / 255;
        table[at + 3] = 255;
      }
    const lut = new Uint8ClampedArray(256 * 4);
    lut.set(table);
    this.niivue.drawLut = { lut, labels: [] };
    const [ct] = this.niivue.volumes;
    if (ct) ct.opacity = layers.masked ? 0 : 1;
    this.niivue.refreshColormaps();
    this.draw();
  }

  showWindow({ level, width }: Window): void {
    cancelAnimationFrame(this.pending);
    // the volume goes to the graphics card again: once a frame at most
    this.pending = requestAnimationFrame(() => {
      const [ct] = this.niivue.volumes;
      if (!ct) return;
      ct.cal_min = level - width / 2;
      ct.cal_max = level + width / 2;
      this.niivue.updateGLVolume();
    });
  }

  showLayout(layout: Layout): void {
    this.layout = layout;
    const { opts } = this.niivue;
    opts.crosshairWidth = layout === "axial" ? 0 : 2;
    // the page has its own letters around a single plane, to be read on white too
    opts.isOrientationTextVisible = layout !== "axial";
    opts.dragModePrimary = layout === "axial" ? DRAG_MODE.pan : DRAG_MODE.crosshair;
    this.niivue.setSliceType(layout === "axial" ? SLICE_TYPE.AXIAL : SLICE_TYPE.MULTIPLANAR);
  }

  zoom(factor: number | null): void {
    const [x, y, z, now] = this.niivue.scene.pan2Dxyzmm as number[];
    const zoom = magnified(now!, factor);
    this.niivue.setPan2Dxyzmm(zoom === 1 ? [0, 0, 0, 1] : [x!, y!, z!, zoom]);
  }

  describe(text: string): void {
    this.canvas.setAttribute("aria-label", text);
  }

  dispose(): void {
    cancelAnimationFrame(this.pending);
    this.niivue.cleanup();
    this.niivue.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  private draw(): void {
    this.niivue.drawScene();
  }
}

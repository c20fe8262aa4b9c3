// The viewer's page side: NiiVue's canvas (a widget of ipyniivue) between controls, slice profile and grade.
// All state lives in the model's traits; every control writes a trait, and every trait is drawn by `draw`.

const NAMES = { ground_glass: "Ground glass", consolidation: "Consolidation", lung: "Other lung" };
const GRADES = ["CT-0", "CT-1", "CT-2", "CT-3", "CT-4"];
const STEPS = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 };
const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes, listeners (`onclick`) and children. */
function element(tag, attributes = {}, ...children) {
  const made = tag.startsWith("svg:") ? document.createElementNS(SVG, tag.slice(4)) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

const percent = (value) => (value === null ? "–" : `${value.toFixed(1)} %`);
const chance = (share) =>
  share > 0 && share < 0.01 ? "<1 %" : share > 0.99 && share < 1 ? ">99 %" : `${Math.round(100 * share)} %`;
const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)} mm`;

/** Calls `work` at most once a frame. */
function calm(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      work();
    });
  };
}

/** The grade with its probabilities, the opacity with its interval. */
function headline({ grade, regions }) {
  if (!regions) return null;
  const both = regions[0];
  const interval = grade?.opacity_interval_percent;
  const range = interval && `${interval[0].toFixed(1)} to ${percent(interval[1])} with ${100 * grade.coverage} %`;
  const bars = grade?.probability?.map((share, place) =>
    element("div", { class: "gg-bar", "data-most": GRADES[place] === grade.grade },
      element("span", {}, GRADES[place]),
      element("span", { class: "gg-track" }, element("span", { style: `width: ${100 * share}%` })),
      element("span", { class: "gg-number" }, chance(share))));
  return element("section", { class: "gg-headline" },
    grade ? element("div", { class: "gg-grade" }, grade.grade) : null,
    element("div", { class: "gg-opacity" },
      element("strong", {}, percent(both.opacity_percent)), " of the lungs is opacity",
      range ? element("small", {}, range) : null),
    bars ? element("div", { class: "gg-bars", role: "group", "aria-label": "Probability of each grade" }, ...bars) : null);
}

function regionTable({ regions }) {
  if (!regions) return null;
  const cells = (tag, values) => values.map((value) => element(tag, {}, value));
  const rows = regions.map((row) =>
    element("tr", {}, ...cells("td", [row.region, row.lung_ml.toFixed(0), percent(row.ground_glass_percent),
      percent(row.consolidation_percent), percent(row.opacity_percent)])));
  return element("table", {},
    element("thead", {}, element("tr", {}, ...cells("th", ["Region", "Lung, ml", "Ground glass", "Consol.", "PO"]))),
    element("tbody", {}, ...rows));
}

function notes({ grade, thinned }) {
  const lines = [...(grade?.warnings ?? [])];
  if (thinned > 1) lines.push(`The picture shows one of ${thinned} rows and columns; numbers are of all.`);
  if (!grade && !lines.length) return null;
  return element("div", { class: "gg-notes" },
    ...lines.map((line) => element("p", {}, line)),
    grade ? element("p", { class: "gg-quiet" }, grade.disclaimer) : null);
}

/** Ground glass upon consolidation, slice by slice from feet to head, with the slice on show. */
function profileChart({ profile, shape, top_percent: top }) {
  const count = shape[0];
  const sums = (profile ?? []).map((parts) => (parts ? parts[0] + parts[1] : 0));
  const bars = (from, to) => sums.map((_, place) => {
    const [low, high] = [from(place), to(place)].map((value) => (100 - (100 * value) / top).toFixed(2));
    return low === high ? "" : `M${place} ${low}V${high}H${place + 1}V${low}Z`;
  }).join("");
  const dense = (place) => profile[place]?.[1] ?? 0;
  const cursor = element("svg:line", { y1: 0, y2: 100, class: "gg-cursor" });
  const chart = element("svg:svg", { viewBox: `0 0 ${count} 100`, preserveAspectRatio: "none", "aria-hidden": true },
    element("svg:path", { d: bars(() => 0, dense), class: "gg-consolidation" }),
    element("svg:path", { d: bars(dense, (place) => sums[place]), class: "gg-ground-glass" }),
    cursor);
  const box = element("div", { class: profile ? "gg-profile" : "gg-profile gg-bare", role: "slider", tabindex: 0, "aria-label": "Slice",
    "aria-valuemin": 0, "aria-valuemax": count - 1 }, chart,
    element("span", { class: "gg-top" }, profile ? `${top} %` : ""),
    element("span", { class: "gg-feet" }, "feet"), element("span", { class: "gg-head" }, "head"));
  return { box, show(slice, text) {
    cursor.setAttribute("x1", slice + 0.5);
    cursor.setAttribute("x2", slice + 0.5);
    box.setAttribute("aria-valuenow", slice);
    box.setAttribute("aria-valuetext", text);
  } };
}

function hasWebgl() {
  const gl = document.createElement("canvas").getContext("webgl2");
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return gl !== null;
}

/** What `spare` gave for each context. */
const spared = new WeakMap();

/**
 * Spares the graphics card, and even more a computer without one, what nobody sees. NiiVue draws all volumes
 * again with every value that ipyniivue sets, each time with the gradients for the light on a rendering in 3-D.
 * `hold` lets nothing be drawn until `release`.
 */
function spare(gl) {
  if (spared.has(gl)) return spared.get(gl);
  const gradients = new WeakMap();
  const isGradient = (program) => {
    if (!gradients.has(program)) gradients.set(program, gl.getUniformLocation(program, "dX") !== null);
    return gradients.get(program);
  };
  let held = false;
  const { drawArrays, texSubImage3D } = WebGL2RenderingContext.prototype;
  gl.drawArrays = (...given) => {
    const program = gl.getParameter(gl.CURRENT_PROGRAM);
    if (!held && !(program && isGradient(program))) drawArrays.apply(gl, given);
  };
  gl.texSubImage3D = (...given) => held || texSubImage3D.apply(gl, given);
  const found = { hold: () => (held = true), release: () => (held = false) };
  spared.set(gl, found);
  return found;
}

/** The table of colours that shows one label alone; a new one each time, for ipyniivue changes it. */
function labelColors(name, color) {
  const label = Object.keys(NAMES).indexOf(name) + 1;
  const lut = new Array(16).fill(0);
  [1, 3, 5].forEach((at, channel) => (lut[4 * label + channel] = parseInt(color.slice(at, at + 2), 16)));
  lut[4 * label + 3] = 255;
  return { lut, min: 0, max: 3 };
}

/** NiiVue's side: what to tell ipyniivue's models so that the canvas shows the traits. */
async function connect(model) {
  const find = (reference) => model.widget_manager.get_model(reference.slice("IPY_MODEL_".length));
  const canvas = await find(model.get("_canvas"));
  const volumes = await Promise.all(canvas.get("volumes").map(find));
  const [ct, ...masks] = volumes;
  const layers = model.get("_summary").layers;
  const painted = {};
  // ipyniivue sends every voxel it has loaded back to the kernel, which has them already.
  for (const volume of volumes) volume.comm_live = false;
  const tell = (type) => canvas.trigger("msg:custom", { type, data: [] }, []);
  let card = null;
  /** Sets values of volumes that are others than before, and has them drawn once. */
  const set = (...changes) => {
    const other = changes.filter(([volume, values]) =>
      Object.entries(values).some(([name, value]) => volume.get(name) !== value));
    if (!other.length) return;
    card?.hold();
    for (const [volume, values] of other) volume.set(values);
    card?.release();
    tell("update_gl_volume");
  };
  return {
    canvas,
    /** Draws nothing on the canvas until the volumes are loaded. */
    async load(gl) {
      card = spare(gl);
      const last = volumes.at(-1);
      if (last.get("dims_ras").length > 0) return;
      card.hold();
      await new Promise((resolve) => last.once("change:dims_ras", resolve));
      // told when the file is read; what follows without a pause puts it on the card
      await new Promise((resolve) => setTimeout(resolve));
      card.release();
      tell("update_gl_volume");
    },
    slice() {
      const scene = canvas.get("scene") ?? {};
      const [x, y] = scene.crosshairPos ?? [0.5, 0.5];
      const z = (model.get("slice") + 0.5) / model.get("_summary").shape[0];
      canvas.set("scene", { ...scene, crosshairPos: [x, y, z] });
      tell("draw_scene");
    },
    window() {
      const [low, high] = model.get("window");
      set([ct, { cal_min: low, cal_max: high }]);
    },
    layers() {
      set(...layers.map((name, place) => {
        const color = model.get("colors")[name];
        const opacity = model.get("layers").includes(name) ? model.get("opacity")[name] : 0;
        if (painted[name] === color) return [masks[place], { opacity }];
        painted[name] = color;
        return [masks[place], { opacity, colormap_label: labelColors(name, color) }];
      }));
    },
    planes() {
      const axial = model.get("planes") === "axial";
      canvas.set("opts", { ...canvas.get("opts"), sliceType: axial ? 0 : 3,
        crosshairWidth: axial ? 0 : 1, isOrientationTextVisible: !axial });
      tell("draw_scene");
    },
    fit() {
      canvas.set("scene", { ...canvas.get("scene"), pan2Dxyzmm: [0, 0, 0, 1] });
      tell("draw_scene");
    },
  };
}

async function render({ model, el }) {
  const summary = model.get("_summary");
  const count = summary.shape[0];
  const set = (values) => {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
  };
  const go = (slice) => {
    const wanted = Math.min(count - 1, Math.max(0, slice));
    if (wanted !== model.get("slice")) set({ slice: wanted });
  };
  const keys = (event) => {
    const ends = { Home: 0, End: count - 1 };
    if (event.key in STEPS) go(model.get("slice") + STEPS[event.key]);
    else if (event.key in ends) go(ends[event.key]);
    else return;
    event.preventDefault();
  };

  const place = element("span", { class: "gg-place" });
  const share = element("span", { class: "gg-share" });
  const reading = element("output", { class: "gg-reading", title: "At the click" });
  const picture = element("div", { class: "gg-picture", "aria-busy": true, "aria-label": "CT slice", role: "group" },
    element("span", { class: "gg-right", title: "The patient's right" }, "R"),
    element("span", { class: "gg-left", title: "The patient's left" }, "L"), reading);
  picture.addEventListener("wheel", (event) => {
    if (event.ctrlKey) return; // NiiVue zooms
    event.preventDefault();
    event.stopPropagation();
    go(model.get("slice") + (event.deltaY < 0 ? 1 : -1));
  }, { capture: true, passive: false });
  picture.addEventListener("keydown", (event) => {
    keys(event);
    event.stopPropagation(); // NiiVue's own keys would change the view behind the controls
  }, { capture: true });
  // ipyniivue tells the kernel of every move of the mouse; only drags are of use.
  picture.addEventListener("mousemove", (event) => event.buttons || event.stopPropagation(), { capture: true });

  const profile = profileChart(summary);
  const follow = (event) => {
    const { left, width } = profile.box.getBoundingClientRect();
    go(Math.floor(((event.clientX - left) / width) * count));
  };
  profile.box.addEventListener("pointerdown", (event) => {
    profile.box.setPointerCapture(event.pointerId);
    follow(event);
  });
  profile.box.addEventListener("pointermove", (event) => event.buttons && follow(event));
  profile.box.addEventListener("keydown", keys);

  const layerRows = summary.layers.map((name) => {
    const title = summary.profile ? NAMES[name] : "Lung";
    const change = (trait, value) => set({ [trait]: { ...model.get(trait), [name]: value } });
    const box = element("input", { type: "checkbox", onchange: () => {
      const others = model.get("layers").filter((layer) => layer !== name);
      set({ layers: Object.keys(NAMES).filter((layer) => others.includes(layer) || (layer === name && box.checked)) });
    } });
    const color = element("input", { type: "color", "aria-label": `Colour of ${title}`,
      oninput: () => change("colors", color.value.toUpperCase()) });
    const opacity = element("input", { type: "range", min: 0, max: 100, "aria-label": `Opacity of ${title}`,
      oninput: () => change("opacity", opacity.value / 100) });
    return { name, box, color, opacity,
      row: element("div", { class: "gg-layer" }, element("label", {}, box, title), color, opacity) };
  });

  const windows = Object.entries(model.get("_windows"));
  const preset = element("select", { "aria-label": "Window", onchange: () => {
    const [, bounds] = windows[preset.selectedIndex] ?? [];
    if (bounds) set({ window: bounds });
  } }, ...windows.map(([name]) => element("option", {}, `${name} window`)), element("option", { hidden: true }, "own window"));
  const bounds = ["Lower", "Upper"].map((end, index) => element("input", {
    type: "number", step: 50, "aria-label": `${end} end of the window in HU`,
    onchange: () => {
      const window = [...model.get("window")];
      window[index] = Number(bounds[index].value);
      if (window[0] < window[1]) set({ window });
      else draw.window();
    } }));
  const planes = element("select", { "aria-label": "Planes", onchange: () => set({ planes: planes.value }) },
    element("option", { value: "axial" }, "axial"), element("option", { value: "orthogonal" }, "three planes"));
  let view = null;
  const fit = element("button", { type: "button", title: "Undo zoom and shift", onclick: () => view?.fit() }, "Fit");
  el.classList.add("gg-viewer");
  el.setAttribute("data-lm-suppress-shortcuts", "true"); // else arrow keys would leave the notebook's cell
  el.append(
    element("div", { class: "gg-main" },
      element("div", { class: "gg-caption" }, place, share),
      picture, profile.box,
      element("div", { class: "gg-tools" }, preset, ...bounds, "HU", planes, fit)),
    element("div", { class: "gg-side" }, headline(summary),
      layerRows.length ? element("fieldset", {}, element("legend", {}, "Layers"), ...layerRows.map(({ row }) => row)) : null,
      regionTable(summary), notes(summary)));

  const draw = {
    slice() {
      const slice = model.get("slice");
      const parts = summary.profile?.[slice];
      const where = `Slice ${slice} (0 to ${count - 1}) · ${signed(summary.positions_mm[slice])}`;
      const what = !summary.profile ? "" : parts
        ? `ground glass ${percent(parts[0])}, consolidation ${percent(parts[1])} of its lung` : "no lung";
      const hounsfield = model.get("_hounsfield");
      place.textContent = where;
      share.textContent = what;
      reading.textContent = hounsfield === null ? "" : `${hounsfield} HU`.replace("-", "−");
      profile.show(slice, what ? `${where}; ${what}` : where);
      view?.slice();
    },
    window() {
      const window = model.get("window");
      const named = windows.findIndex(([, [low, high]]) => low === window[0] && high === window[1]);
      preset.selectedIndex = named < 0 ? windows.length : named;
      bounds.forEach((input, index) => (input.value = window[index]));
      view?.window();
    },
    layers() {
      for (const { name, box, color, opacity } of layerRows) {
        box.checked = model.get("layers").includes(name);
        color.value = model.get("colors")[name].toLowerCase();
        opacity.value = 100 * model.get("opacity")[name];
        el.style.setProperty(`--gg-${name.replace("_", "-")}`, model.get("colors")[name]);
      }
      view?.layers();
    },
    planes() {
      planes.value = model.get("planes");
      picture.toggleAttribute("data-axial", planes.value === "axial");
      view?.planes();
    },
  };
  for (const [name, work] of Object.entries(draw)) draw[name] = calm(work);
  const all = () => Object.values(draw).forEach((work) => work());
  for (const trait of ["slice", "window", "planes", "layers"]) model.on(`change:${trait}`, draw[trait]);
  for (const trait of ["colors", "opacity"]) model.on(`change:${trait}`, draw.layers);
  model.on("change:_hounsfield", draw.slice);
  all();

  if (!hasWebgl()) {
    picture.removeAttribute("aria-busy");
    picture.setAttribute("data-flat", "");
    return;
  }
  // While it loads a volume, ipyniivue hears no changes of it: they are drawn together at the end.
  const found = await connect(model);
  for (const name of Object.keys(draw)) found[name]();
  // shown before, the loaded canvas moves here
  const child = await model.widget_manager.create_view(found.canvas);
  picture.append(child.el);
  found.load(child.el.querySelector("canvas").getContext("webgl2")).then(() => {
    view = found;
    all();
    picture.removeAttribute("aria-busy");
  });
  return () => child.remove();
}

export default { render };

/** What the server says and takes; the addresses are below `/api`. */

export type Kind = "slice" | "archive" | "study";
export type State = "queued" | "running" | "done" | "failed" | "cancelled";
export type Stage = "read" | "lungs" | "segmentation" | "quantification" | "write";

export interface Failure {
  code: string;
  text: string;
}

export interface Note {
  level: string;
  code: string;
  text: string;
}

export interface Model {
  name: string;
  sha256?: string;
  licence: string | null;
}

export interface About {
  version: string;
  shared: boolean;
  ttl_hours: number;
  limits: { upload_mb: number; image_edge_px: number; archive_images: number };
  models: Model[];
  disclaimer: string;
}

export interface Region {
  region: string;
  lung_ml: number;
  ground_glass_ml: number | null;
  consolidation_ml: number | null;
  opacity_ml: number | null;
  opacity_percent: number | null;
  high_opacity_percent: number | null;
  lung_hu_mean: number | null;
  opacity_percent_lower?: number | null;
  opacity_percent_upper?: number | null;
  /** Not there in a result that an older server made; null where it is not told apart. */
  dependent_ml?: number | null;
  opacity_percent_without_dependent?: number | null;
}

type Compartment = "hyperinflated" | "normally_aerated" | "poorly_aerated" | "non_aerated" | "denser";

export type AerationRow = Record<`${Compartment}_percent`, number | null> & {
  region: string;
  low_attenuation_950_percent: number | null;
  low_attenuation_910_percent: number | null;
  perc15_hu: number | null;
  mean_hu: number | null;
  gas_ml: number;
  lung_mass_g: number;
  air_tissue_ratio: number | null;
};

export interface Aeration {
  bands_hu: number[];
  regions: AerationRow[];
}

export interface SliceRow {
  slice: number;
  position_mm: number;
  lung_ml: number;
  ground_glass_ml: number;
  consolidation_ml: number;
  opacity_percent: number | null;
}

/** The keys of result.json that the page shows. */
export interface Measurement {
  groundglass_version: string;
  disclaimer: string;
  input: { kind: string; sha256: string; files: number | null };
  lungs: { source: "lung_mask" | "network" | "given"; model?: Model & { version: string } };
  models: Model[];
  notes: Note[];
  severity: {
    opacity_percent: number;
    high_opacity_percent: number;
    ct_grade_extent: string;
    ct_grade_rule: string;
    scores: Record<string, number | string | null>;
    class: string;
    class_cuts_fraction: number[];
    classes: string[];
    probability?: { ct_grade_extent: number[]; ct_grade_near_cut: boolean; class: number[] };
  };
  uncertainty?: {
    coverage: number | null;
    opacity_percent_lower: number | null;
    opacity_percent_upper: number | null;
    high_opacity_percent_lower: number | null;
    high_opacity_percent_upper: number | null;
  };
  regions: Region[];
  /** Not there in a result that an older server made. */
  dependent?: { left_out: string | null };
  /** Not there in a result that an older server made. */
  aeration?: Aeration;
  slices: SliceRow[];
  run: { timings_s: Record<string, number> };
}

export interface StudyResult {
  kind: "study";
  result: Measurement;
  shape: [number, number, number];
  spacing_mm: [number, number, number];
  volume: string;
  labels: string;
  downloads: { name: string; label: string }[];
}

export interface Picture {
  index: number;
  name: string;
  width: number;
  height: number;
  ground_glass_percent: number | null;
  consolidation_percent: number | null;
  opacity_percent: number | null;
  lung_percent: number | null;
  /** Layers with a pixel in the label picture, whether or not there is a percentage. */
  marked: ("ground_glass" | "consolidation" | "lung")[];
  ct_grade: string | null;
  notes: Note[];
  image: string;
  labels: string;
}

export interface PicturesResult {
  kind: "slice" | "archive";
  skipped: number;
  images: Picture[];
  failed?: (Failure & { name: string })[];
  models: Model[];
  disclaimer: string;
}

export interface Job {
  id: string;
  name: string;
  kind: Kind;
  state: State;
  position: number;
  stage: Stage | null;
  done: number;
  total: number;
  created: string;
  expires: string;
  error: Failure | null;
  result: StudyResult | PicturesResult | null;
}

export type Listed = Omit<Job, "result">;

/** An answer that is no success; `code` is the server's, or `network` where none came. */
export class ServerError extends Error {
  constructor(
    readonly code: string,
    text: string,
  ) {
    super(text);
  }
}

/** Codes of errors that may be gone at the next try. */
const PASSING = new Set([
  "network",
  "server",
  "queue_full",
  "storage_full",
  "too_many_connections",
  "incomplete",
  "too_slow",
]);

/** Whether the same may work a little later. */
export const passing = ({ code }: { code: string }): boolean => PASSING.has(code);

const unreachable = () => new ServerError("network", "The server can't be reached.");
const cancelled = () => new ServerError("cancelled", "Cancelled.");

/** The error that an answer's status and body tell of. */
export function errorOf(status: number, body: string): ServerError {
  try {
    const { error } = JSON.parse(body) as { error: Failure };
    return new ServerError(error.code, error.text);
  } catch {
    return new ServerError(status === 413 ? "too_large" : "server", `The server answered ${status}.`);
  }
}

async function ask<T>(path: string, method = "GET"): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(`/api${path}`, { method, headers: { Accept: "application/json" } });
  } catch {
    throw unreachable();
  }
  const body = await answer.text();
  if (!answer.ok) throw errorOf(answer.status, body);
  return (body ? JSON.parse(body) : undefined) as T;
}

export const about = () => ask<About>("/about");
export const job = (id: string) => ask<Job>(`/results/${id}`);
export const list = async () => (await ask<{ results: Listed[] }>("/results")).results;
export const cancel = (id: string) => ask<Job>(`/results/${id}/cancel`, "POST");
export const remove = (id: string) => ask<void>(`/results/${id}`, "DELETE");

/** The address of one of a result's files. */
export const fileUrl = (id: string, path: string) => `/api/results/${id}/${path}`;

/** Sends a file; XMLHttpRequest, because fetch does not tell how much has been sent. */
export function upload(
  body: Blob,
  name: string,
  language: string,
  progress: (sent: number, total: number) => void,
  signal: AbortSignal,
): Promise<Job> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(cancelled());
    const request = new XMLHttpRequest();
    request.open("POST", "/api/uploads");
    request.setRequestHeader("X-File-Name", encodeURIComponent(name));
    request.setRequestHeader("X-Language", language);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => progress(event.loaded, event.total);
    request.onload = () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText) as Job);
      else reject(errorOf(request.status, request.responseText));
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(cancelled());
    signal.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

/** Fetches a file with its progress in bytes; `total` is 0 where the server does not tell. */
export async function download(
  url: string,
  progress: (received: number, total: number) => void,
  signal: AbortSignal,
): Promise<ArrayBuffer> {
  const answer = await fetch(url, { signal }).catch(() => {
    throw unreachable();
  });
  if (!answer.ok || !answer.body) throw errorOf(answer.status, await answer.text());
  const total = Number(answer.headers.get("Content-Length") ?? 0);
  const parts: Uint8Array[] = [];
  let received = 0;
  const reader = answer.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    received += part.value.length;
    progress(received, total);
  }
  const whole = new Uint8Array(received);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole.buffer;
}

/** What this browser uploaded: ids alone open a result, so they are kept here and nowhere else. */

import type { Kind, Job } from "./api";
import { read, write } from "./storage";

export interface Recent {
  id: string;
  name: string;
  kind: Kind;
  created: string;
  expires: string;
}

const KEY = "groundglass.recent";
const MOST = 30;

export function recent(): Recent[] {
  try {
    const kept = JSON.parse(read(KEY) ?? "[]") as Recent[];
    return kept.filter((entry) => Date.parse(entry.expires) > Date.now());
  } catch {
    return [];
  }
}

function keep(entries: Recent[]): void {
  write(KEY, JSON.stringify(entries.slice(0, MOST)));
}

export function remember({ id, name, kind, created, expires }: Job): void {
  keep([{ id, name, kind, created, expires }, ...recent().filter((entry) => entry.id !== id)]);
}

export function forget(id: string): void {
  keep(recent().filter((entry) => entry.id !== id));
}

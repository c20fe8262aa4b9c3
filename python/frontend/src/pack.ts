/** What was dropped or chosen as one file to send: several become a zip, made in the browser. */

import { Zip, ZipPassThrough } from "fflate";
import { ServerError } from "./api";

export interface Entry {
  path: string;
  file: File;
}

/** Files that hold a whole study or archive each, and so can't be packed with others. */
const WHOLE = /\.(zip|rar|7z|nii|nii\.gz|nrrd|mha|mhd)$/i;
const HIDDEN = /(^|\/)(\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/i;

/** All files of a drop, those in folders too. */
export async function dropped(transfer: DataTransfer): Promise<Entry[]> {
  // the list of items is gone after the first await
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (entries.length === 0) return [...transfer.files].map((file) => ({ path: file.name, file }));
  return (await Promise.all(entries.map(walk))).flat();
}

async function walk(entry: FileSystemEntry): Promise<Entry[]> {
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ path, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const children: FileSystemEntry[] = [];
  // a reader gives a hundred at a time, and none when it is through
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) break;
    children.push(...some);
  }
  return (await Promise.all(children.map(walk))).flat();
}

/** The files of a file button; those of a folder carry their place in it. */
export const picked = (list: FileList): Entry[] =>
  [...list].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

/** What is to be sent. */
export interface Selection {
  name: string;
  size: number;
  entries: Entry[];
}

/** Several pictures or a DICOM folder go together; throws for files that each stand for themselves. */
export function select(found: Entry[]): Selection {
  const entries = found.filter(({ path }) => !HIDDEN.test(path));
  const first = entries[0];
  if (!first) throw new ServerError("empty_file", "There is no file.");
  const size = entries.reduce((sum, { file }) => sum + file.size, 0);
  if (entries.length === 1) return { name: first.file.name, size, entries };
  if (entries.some(({ file }) => WHOLE.test(file.name)))
    throw new ServerError("too_many_files", "One file or one folder, please.");
  const [folder, rest] = first.path.split("/");
  return { name: `${rest ? folder : "images"}.zip`, size, entries };
}

/** Whether the file begins as a RAR archive does. */
export async function isRar(file: Blob): Promise<boolean> {
  return (await file.slice(0, 4).text()) === "Rar!";
}

/** One file as it is, several as a zip without compression: CT slices hardly shrink, and this is quick. */
export async function pack(
  { entries }: Selection,
  progress: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<Blob> {
  if (entries.length === 1) return entries[0]!.file;
  // blobs, which the browser may keep on disk
  const parts: Blob[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    parts.push(new Blob([chunk as Uint8Array<ArrayBuffer>]));
  });
  for (const [index, { path, file }] of entries.entries()) {
    if (signal.aborted) throw new ServerError("cancelled", "Cancelled.");
    progress(index, entries.length);
    const member = new ZipPassThrough(path);
    zip.add(member);
    member.push(new Uint8Array(await file.arrayBuffer()), true);
  }
  zip.end();
  return new Blob(parts, { type: "application/zip" });
}

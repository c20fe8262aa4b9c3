/** The language that is in use, kept in this browser. */

import { en, type Dictionary } from "./en";
import { ru } from "./ru";
import { read, write } from "../storage";

export type Language = "en" | "ru";
/** `locale` is what numbers and dates are written by: a date with its month in letters reads alike anywhere. */
export const LANGUAGES: Record<Language, { name: string; locale: string; texts: Dictionary }> = {
  en: { name: "English", locale: "en-GB", texts: en },
  ru: { name: "Русский", locale: "ru", texts: ru },
};

const KEY = "groundglass.language";
const listeners = new Set<() => void>();

let current: Language = initial();
let number = formats();

function initial(): Language {
  const kept = read(KEY);
  if (kept === "en" || kept === "ru") return kept;
  return navigator.language.toLowerCase().startsWith("ru") ? "ru" : "en";
}

function formats() {
  const { locale } = LANGUAGES[current];
  const format = (digits: number, options: Intl.NumberFormatOptions = {}) =>
    new Intl.NumberFormat(locale, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
      ...options,
    });
  return {
    digits: [format(0), format(1), format(2)],
    kilobytes: new Intl.NumberFormat(locale, { style: "unit", unit: "kilobyte", maximumFractionDigits: 0 }),
    plural: new Intl.PluralRules(locale),
    when: new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }),
    all: new Intl.ListFormat(locale),
  };
}

/** The strings of the language in use. */
export const t = (): Dictionary => LANGUAGES[current].texts;
export const language = (): Language => current;

export function setLanguage(chosen: Language): void {
  current = chosen;
  number = formats();
  write(KEY, chosen);
  for (const listener of listeners) listener();
}

/** Calls `listener` after each change of the language. */
export function onLanguage(listener: () => void): void {
  listeners.add(listener);
}

/** A number as people of this language write it; the dictionary's dash for none. */
export function n(value: number | null | undefined, digits: 0 | 1 | 2 = 0): string {
  if (value === null || value === undefined || Number.isNaN(value)) return t().none;
  // a minus sign, not the hyphen that formats give
  return number.digits[digits]!.format(value).replace("-", "−");
}

/** A percentage's figure: one digit after the point, two below one percent. */
export const share = (value: number | null | undefined): string =>
  n(value, value !== null && value !== undefined && value > 0 && value < 1 ? 2 : 1);

/** "31 kB", "3.2 MB". */
export const fileSize = (bytes: number): string =>
  bytes < 1e6 ? number.kilobytes.format(Math.ceil(bytes / 1e3)) : t().megabytes(megabytes(bytes));

/** 10^6 bytes with one digit. */
export const megabytes = (bytes: number): string => n(bytes / 1e6, bytes < 1e8 ? 1 : 0);

/** "3 files" by the language's plural rules. */
export const files = (count: number): string =>
  `${n(count)} ${t().numbers.files[number.plural.select(count)]}`;

/** "a, b and c". */
export const all = (parts: string[]): string => number.all.format(parts);

export const moment = (iso: string): string => number.when.format(new Date(iso));

/** The sentence for an error: translated by its code where the page knows it, else the server's. */
export const errorText = (error: { code: string; text?: string; message?: string }): string =>
  t().errors[error.code] ?? error.text ?? error.message ?? error.code;

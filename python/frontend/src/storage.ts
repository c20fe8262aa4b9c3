/** What this browser keeps of the page; a browser that keeps nothing loses the language and the list, no more. */

export function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // storage is closed or full
  }
}

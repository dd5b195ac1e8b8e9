/**
 * What stays in the browser: theme, language, and where unfinished uploads are; nothing else, but for the handles of their
 * files (`handles`).
 */
type Kept = "theme" | "language" | "uploads";

export function recall(key: Kept): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
    return null;
  }
}

export function keep(key: Kept, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // See above.
  }
}

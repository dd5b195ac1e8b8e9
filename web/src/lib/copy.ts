/**
 * Copies a text. At plain HTTP browsers give pages no clipboard; there the old command still works right after a click.
 * Rejects when the browser refuses both.
 */
export async function copy(text: string): Promise<void> {
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else if (!copyBySelection(text)) throw new Error("the browser does not let this page copy");
}

function copyBySelection(text: string): boolean {
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.className = "sr-only";
  // An open dialog takes the focus back from whatever is outside of it.
  (before?.closest('[role="dialog"]') ?? document.body).append(area);
  area.focus({ preventScroll: true });
  area.select();
  try {
    return document.execCommand("copy");
  } finally {
    area.remove();
    if (before instanceof HTMLElement) before.focus();
  }
}

/** How long a recording is, as far as the browser can tell from its first bytes. */
const LONGEST_WAIT_MS = 5_000;

/** Seconds; null when the browser cannot read it, which says nothing of whether the server can. */
export function durationOf(file: File, kind: "video" | "audio"): Promise<number | null> {
  const element = document.createElement(kind);
  if (element.canPlayType(file.type) === "") return Promise.resolve(null);
  const url = URL.createObjectURL(file);
  return new Promise((done) => {
    const end = (secs: number | null) => {
      clearTimeout(timer);
      element.removeAttribute("src");
      URL.revokeObjectURL(url);
      done(secs !== null && Number.isFinite(secs) ? secs : null);
    };
    const timer = setTimeout(() => end(null), LONGEST_WAIT_MS);
    element.preload = "metadata";
    element.onloadedmetadata = () => end(element.duration);
    element.onerror = () => end(null);
    element.src = url;
  });
}

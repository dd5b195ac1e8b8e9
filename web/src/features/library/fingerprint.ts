/** Tells whether a file that is chosen again is the one of which a part was sent. */
const PIECE_BYTES = 64 * 1024;

/** Of name, size, time of the last change, and what is at the begin, in the middle and at the end. */
export async function fingerprint(file: File): Promise<string> {
  const middle = Math.max(0, Math.floor(file.size / 2 - PIECE_BYTES / 2));
  const starts = [0, middle, Math.max(0, file.size - PIECE_BYTES)];
  const pieces = starts.map((start) => file.slice(start, start + PIECE_BYTES).arrayBuffer());
  const about = `${file.name}\n${file.size}\n${file.lastModified}`;
  const sums = [
    new TextEncoder().encode(about),
    ...(await Promise.all(pieces)).map((piece) => new Uint8Array(piece)),
  ];
  return sums.map(fnv1a).join("-");
}

/** Good enough to tell files of one person apart; nobody is kept out by it. */
function fnv1a(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

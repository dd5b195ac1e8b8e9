/** What a file is by its first bytes; its name and the type that the browser guesses are worth nothing. */
type Kind = "image" | "video" | "audio";

const SEEN_BYTES = 32;

export async function sniff(file: Blob): Promise<Kind | null> {
  return kindOf(new Uint8Array(await file.slice(0, SEEN_BYTES).arrayBuffer()));
}

export function kindOf(bytes: Uint8Array): Kind | null {
  const text = String.fromCharCode(...bytes);
  const starts = (...marks: string[]) => marks.some((mark) => text.startsWith(mark));
  if (starts("\xff\xd8\xff", "\x89PNG\r\n\x1a\n", "GIF87a", "GIF89a", "BM", "II*\0", "MM\0*")) return "image";
  if (starts("\x1aE\xdf\xa3")) return "video";
  if (starts("ID3", "fLaC", "OggS")) return "audio";
  if (starts("RIFF", "RF64")) return riff(text.slice(8, 12));
  const box = text.slice(4, 8);
  if (box === "ftyp") return text.slice(8, 11) === "M4A" ? "audio" : "video";
  // Older QuickTime files begin with another box.
  if (["moov", "mdat", "wide", "free", "skip"].includes(box)) return "video";
  return isMpegAudio(bytes) ? "audio" : null;
}

function riff(form: string): Kind | null {
  if (form === "WEBP") return "image";
  if (form === "AVI ") return "video";
  return form === "WAVE" ? "audio" : null;
}

/** A frame of MPEG audio: eleven bits set, then a version, layer and rate that exist. */
function isMpegAudio([first = 0, second = 0, third = 0]: Uint8Array): boolean {
  const isSync = first === 0xff && (second & 0xe0) === 0xe0;
  return isSync && (second & 0x18) !== 0x08 && (second & 0x06) !== 0 && third >> 4 !== 15;
}

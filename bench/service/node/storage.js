// The storage manager for a local folder: what multer has put aside is checked, hashed and moved to its place.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { config } from './config.js';

export const temporary = path.join(config.STORAGE_PATH, 'tmp');
const FOLDERS = { image: 'images', video: 'videos', audio: 'audios' };
const READ_BYTES = 1 << 20;

export async function prepare() {
  for (const folder of ['tmp', ...Object.values(FOLDERS)]) {
    await mkdir(path.join(config.STORAGE_PATH, folder), { recursive: true });
  }
}

/** Moves a file to its place; returns its key, its checksum and what kind it is. */
export async function keep(file, id) {
  const hash = createHash('sha256');
  let mediaType;
  for await (const chunk of createReadStream(file.path, { highWaterMark: READ_BYTES })) {
    mediaType ??= sniff(chunk);
    if (!mediaType) return null;
    hash.update(chunk);
  }
  const publicId = path.join(FOLDERS[mediaType], id);
  await rename(file.path, pathOf(publicId));
  return { publicId, mediaType, sha256: hash.digest('hex') };
}

export const pathOf = (publicId) => path.join(config.STORAGE_PATH, publicId);

/** The kind of a file by its first bytes. */
function sniff(head) {
  const text = head.toString('latin1', 0, 12);
  if (text.startsWith('\x89PNG') || text.startsWith('\xff\xd8\xff') || text.startsWith('GIF8')) return 'image';
  if (text.startsWith('RIFF')) return text.endsWith('WEBP') ? 'image' : 'audio';
  if (text.startsWith('ID3') || text.startsWith('fLaC') || text.startsWith('OggS')) return 'audio';
  if (text.slice(4, 8) === 'ftyp' || text.startsWith('\x1aE\xdf\xa3')) return 'video';
  return undefined;
}

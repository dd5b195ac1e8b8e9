import { randomBytes } from "node:crypto";

const HEAD_BYTES = 44;

/** A recording of noise, as WAV with two channels at 48 kHz. */
export function recording(bytes: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.write("RIFF", 0);
  head.writeUInt32LE(bytes - 8, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(2, 22);
  head.writeUInt32LE(48_000, 24);
  head.writeUInt32LE(192_000, 28);
  head.writeUInt16LE(4, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(bytes - HEAD_BYTES, 40);
  return Buffer.concat([head, randomBytes(bytes - HEAD_BYTES)]);
}

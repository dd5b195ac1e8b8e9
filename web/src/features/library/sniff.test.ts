import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { kindOf } from "./sniff";

const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

test.each([
  ["rocket.jpg", "image"],
  ["coffee.webp", "image"],
  ["portrait.mp4", "video"],
  ["machine-voice.wav", "audio"],
  ["reading.ogg", "audio"],
])("%s is recognised by its content", (name, kind) => {
  expect(kindOf(readFileSync(`../testdata/samples/${name}`).subarray(0, 32))).toBe(kind);
});

test.each([
  ["\0\0\0\x20ftypM4A ", "audio"],
  ["RIFF\0\0\0\0AVI LIST", "video"],
  ["\x1aE\xdf\xa3", "video"],
  ["\xff\xfb\x90\0", "audio"],
  ["MM\0*", "image"],
  ["only words", null],
  ["<svg xmlns=", null],
  ["", null],
])("%j is %s", (text, kind) => {
  expect(kindOf(bytes(text))).toBe(kind);
});

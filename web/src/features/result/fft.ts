/** A small FFT for pictures of sound: real input of a length that is a power of two, powers out. */
export function powers(input: Float32Array): Float32Array {
  const size = input.length;
  const re = Float64Array.from(input, (value, n) => value * hann(n, size));
  const im = new Float64Array(size);
  reorder(re);
  for (let span = 2; span <= size; span *= 2) {
    for (let start = 0; start < size; start += span) turn(re, im, start, span);
  }
  return Float32Array.from({ length: size / 2 }, (_, n) => (re[n] ?? 0) ** 2 + (im[n] ?? 0) ** 2);
}

function hann(n: number, size: number): number {
  return 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size);
}

function reorder(values: Float64Array) {
  for (let n = 1, mirrored = 0; n < values.length; n++) {
    let bit = values.length >> 1;
    for (; mirrored & bit; bit >>= 1) mirrored ^= bit;
    mirrored ^= bit;
    if (n < mirrored) [values[n], values[mirrored]] = [values[mirrored] ?? 0, values[n] ?? 0];
  }
}

function turn(re: Float64Array, im: Float64Array, start: number, span: number) {
  for (let n = 0; n < span / 2; n++) {
    const angle = (-2 * Math.PI * n) / span;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const [a, b] = [start + n, start + n + span / 2];
    const [bRe, bIm] = [re[b] ?? 0, im[b] ?? 0];
    const [tRe, tIm] = [bRe * cos - bIm * sin, bRe * sin + bIm * cos];
    const [aRe, aIm] = [re[a] ?? 0, im[a] ?? 0];
    re[a] = aRe + tRe;
    im[a] = aIm + tIm;
    re[b] = aRe - tRe;
    im[b] = aIm - tIm;
  }
}

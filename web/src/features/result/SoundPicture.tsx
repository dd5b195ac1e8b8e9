/** Wave form and spectrogram, made in the browser a few columns at a time so that the page stays responsive. */
import { useEffect, useRef, useState } from "react";
import { fetchBlob } from "@/lib/api/client";
import { useFormat } from "@/lib/format";
import { onColoursChange, tokenColour } from "@/lib/theme";
import { useWords } from "@/lib/words/words";
import { powers } from "./fft";
import { SeekBar, type Seeking } from "./SeekBar";

const MOST_BYTES = 50 * 1024 * 1024;
const WIDTH = 800;
const WAVE = 80;
const SPECTRUM = 128;
const WINDOW = 512;
const AT_ONCE = 40;
/** Samples a second to which every sound is brought, so that pitches up to half of it are drawn. */
const RATE = 16_000;
const NEAR = RATE / 20;
const SILENCE = 1e-4;

type State = "drawing" | "done" | "failed";

interface SoundPictureProps extends Seeking {
  mediaId: string;
  size: number;
}

export function SoundPicture({ mediaId, size, ...seeking }: SoundPictureProps) {
  const { timeMs } = seeking;
  const { player } = useWords().result;
  const format = useFormat();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [sound, setSound] = useState<AudioBuffer | null>(null);
  const [state, setState] = useState<State>("drawing");
  const fits = size <= MOST_BYTES;
  useEffect(() => {
    if (!fits) return;
    const gone = new AbortController();
    decode(mediaId, gone.signal).then(setSound, () => !gone.signal.aborted && setState("failed"));
    return () => gone.abort();
  }, [mediaId, fits]);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!sound || !context) return;
    let stop = draw(context, sound, () => setState("done"));
    const unsubscribe = onColoursChange(() => {
      stop();
      stop = draw(context, sound, () => setState("done"));
    });
    return () => {
      stop();
      unsubscribe();
    };
  }, [sound]);
  if (!fits) return <p className="text-sm text-ink-soft">{player.tooLarge}</p>;
  if (state === "failed") return <p className="text-sm text-ink-soft">{player.notDrawn}</p>;
  return (
    <figure>
      <figcaption className="plate mb-1">{player.waveform}</figcaption>
      <SeekBar
        label={player.waveformText}
        valueText={
          sound
            ? player.level(format.timecode(timeMs, true), format.number(Math.round(levelAt(sound, timeMs))))
            : format.timecode(timeMs, true)
        }
        {...seeking}
      >
        <canvas
          ref={canvas}
          width={WIDTH}
          height={WAVE + SPECTRUM}
          aria-hidden
          data-state={state}
          className="block h-48 w-full"
        />
      </SeekBar>
      {state === "drawing" && (
        <p role="status" className="mt-1 text-sm text-ink-soft">
          {player.drawing}
        </p>
      )}
    </figure>
  );
}

async function decode(mediaId: string, signal: AbortSignal): Promise<AudioBuffer> {
  const blob = await fetchBlob(`/api/v1/media/${mediaId}/content`, signal);
  const bytes = await blob.arrayBuffer();
  return new OfflineAudioContext(1, 1, RATE).decodeAudioData(bytes);
}

/** How loud it is at a time, in decibels below the loudest that a file can hold. */
function levelAt(sound: AudioBuffer, ms: number): number {
  const from = Math.floor((ms / 1000) * RATE);
  const near = sound.getChannelData(0).subarray(Math.max(0, from - NEAR), from + NEAR);
  let peak = SILENCE;
  for (const sample of near) peak = Math.max(peak, Math.abs(sample));
  return 20 * Math.log10(peak);
}

/** Returns how to stop it. */
function draw(context: CanvasRenderingContext2D, sound: AudioBuffer, onDone: () => void): () => void {
  const samples = sound.getChannelData(0);
  const [ink, strong] = [tokenColour("--series-1"), tokenColour("--series-2")];
  context.clearRect(0, 0, WIDTH, WAVE + SPECTRUM);
  let x = 0;
  let timer = setTimeout(step);
  function step() {
    const end = Math.min(WIDTH, x + AT_ONCE);
    for (; x < end; x++) {
      context.globalAlpha = 1;
      context.fillStyle = ink;
      waveColumn(context, samples, x);
      context.fillStyle = strong;
      spectrumColumn(context, samples, x);
    }
    context.globalAlpha = 1;
    if (x < WIDTH) timer = setTimeout(step);
    else onDone();
  }
  return () => clearTimeout(timer);
}

function waveColumn(context: CanvasRenderingContext2D, samples: Float32Array, x: number) {
  const from = Math.floor((x / WIDTH) * samples.length);
  const to = Math.max(from + 1, Math.floor(((x + 1) / WIDTH) * samples.length));
  // A look at some hundred samples is enough for one pixel.
  const stride = Math.max(1, Math.floor((to - from) / 400));
  let peak = 0;
  for (let n = from; n < to; n += stride) peak = Math.max(peak, Math.abs(samples[n] ?? 0));
  const height = Math.max(1, peak * WAVE);
  context.fillRect(x, (WAVE - height) / 2, 1, height);
}

function spectrumColumn(context: CanvasRenderingContext2D, samples: Float32Array, x: number) {
  const middle = Math.floor(((x + 0.5) / WIDTH) * samples.length);
  const start = Math.max(0, Math.min(samples.length - WINDOW, middle - WINDOW / 2));
  const window = new Float32Array(WINDOW);
  window.set(samples.subarray(start, start + WINDOW));
  const bins = powers(window);
  const perRow = bins.length / SPECTRUM;
  for (let row = 0; row < SPECTRUM; row++) {
    const decibels = 10 * Math.log10((bins[Math.floor(row * perRow)] ?? 0) + 1e-9);
    const share = Math.min(1, Math.max(0, (decibels + 50) / 80));
    if (share < 0.03) continue;
    context.globalAlpha = share;
    context.fillRect(x, WAVE + SPECTRUM - 1 - row, 1, 1);
  }
}

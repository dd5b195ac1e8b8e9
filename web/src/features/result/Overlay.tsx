import { useEffect, useRef, useState } from "react";
import { type Format, useFormat } from "@/lib/format";
import { onColoursChange, tokenColour } from "@/lib/theme";
import { useWords, type Words } from "@/lib/words/words";
import { Switch } from "@/ui/Switch";
import type { Face, Heatmap, ResultPayload } from "./queries";
import { nearest } from "./reduce";

export interface Layers {
  faces: boolean;
  heatmap: boolean;
}

/** Faces that are seen at a time; those of a still picture at any. */
function facesAt(payloads: readonly ResultPayload[], ms: number): Face[] {
  return payloads.flatMap((payload) => {
    if (payload.faces) return payload.faces;
    const frames = payload.frame_predictions ?? [];
    return frames[nearest(frames, ms, (frame) => frame.time_ms)]?.faces ?? [];
  });
}

export function useLayers(payloads: readonly ResultPayload[]) {
  const { player } = useWords().result;
  const [layers, setLayers] = useState<Layers>({ faces: true, heatmap: false });
  const hasFaces = payloads.some(
    ({ faces, frame_predictions }) =>
      (faces ?? []).length > 0 || frame_predictions?.some((frame) => frame.faces.length > 0),
  );
  const hasHeatmap = payloads.some(({ heatmap }) => heatmap);
  const switches = (hasFaces || hasHeatmap) && (
    <div className="flex flex-wrap gap-x-5 gap-y-2">
      {hasFaces && (
        <Switch
          label={player.faces}
          checked={layers.faces}
          onChange={(faces) => setLayers({ ...layers, faces })}
        />
      )}
      {hasHeatmap && (
        <Switch
          label={player.heatmap}
          checked={layers.heatmap}
          onChange={(heatmap) => setLayers({ ...layers, heatmap })}
        />
      )}
    </div>
  );
  return { layers, switches };
}

interface OverlayProps {
  payloads: readonly ResultPayload[];
  layers: Layers;
  timeMs: number;
  /** Of the picture, in pixels; the canvas lies over it exactly. */
  width: number;
  height: number;
}

export function Overlay({ payloads, layers, timeMs, width, height }: OverlayProps) {
  const { player } = useWords().result;
  const format = useFormat();
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = ref.current?.getContext("2d");
    if (!context) return;
    const draw = () => {
      context.clearRect(0, 0, width, height);
      const heatmap = payloads.find((payload) => payload.heatmap)?.heatmap;
      if (layers.heatmap && heatmap) drawHeatmap(context, heatmap, width, height);
      if (!layers.faces) return;
      for (const face of facesAt(payloads, timeMs))
        drawFace(context, face, faceText(face, format, player), width, height);
    };
    draw();
    return onColoursChange(draw);
  }, [payloads, layers, timeMs, width, height, player, format]);
  return (
    <canvas
      ref={ref}
      width={width}
      height={height}
      role="img"
      aria-label={`${player.overlay}: ${saidOf({ payloads, layers, timeMs }, format, player)}`}
      className="pointer-events-none absolute inset-0 size-full"
    />
  );
}

type PlayerWords = Words["result"]["player"];

function faceText(face: Face, format: Format, words: PlayerWords): string {
  return words.faceOf(face.track + 1, typeof face.score === "number" ? format.percent(face.score) : "–");
}

/** What is drawn, in words. */
function saidOf(
  { payloads, layers, timeMs }: Pick<OverlayProps, "payloads" | "layers" | "timeMs">,
  format: Format,
  words: PlayerWords,
): string {
  const faces = layers.faces ? facesAt(payloads, timeMs).map((face) => faceText(face, format, words)) : [];
  const heatmap = layers.heatmap && payloads.find((payload) => payload.heatmap)?.heatmap;
  const said = heatmap ? [...faces, hottest(heatmap, format, words)] : faces;
  return said.join("; ") || words.nothingDrawn;
}

/** The highest cell of a heat map, and where its middle is. */
function hottest({ cells, columns, rows }: Heatmap, format: Format, words: PlayerWords): string {
  const highest = cells.reduce((best, cell, n) => (cell > (cells[best] ?? 0) ? n : best), 0);
  const [column, row] = [highest % columns, Math.floor(highest / columns)];
  return words.hottest(
    format.percent(cells[highest] ?? 0),
    format.percent((column + 0.5) / columns),
    format.percent((row + 0.5) / rows),
  );
}

function drawHeatmap(context: CanvasRenderingContext2D, map: Heatmap, width: number, height: number) {
  const [cellWidth, cellHeight] = [width / map.columns, height / map.rows];
  context.fillStyle = tokenColour("--fake");
  for (const [n, score] of map.cells.entries()) {
    context.globalAlpha = 0.65 * Math.min(1, Math.max(0, score));
    const [x, y] = [(n % map.columns) * cellWidth, Math.floor(n / map.columns) * cellHeight];
    context.fillRect(x, y, cellWidth, cellHeight);
  }
  context.globalAlpha = 1;
}

function drawFace(
  context: CanvasRenderingContext2D,
  face: Face,
  text: string,
  width: number,
  height: number,
) {
  const [x = 0, y = 0, w = 0, h = 0] = face.box;
  const line = Math.max(2, width / 300);
  const size = Math.max(12, Math.round(width / 40));
  context.strokeStyle = tokenColour("--accent");
  context.lineWidth = line;
  context.strokeRect(x * width, y * height, w * width, h * height);
  context.font = `${size}px sans-serif`;
  const top = Math.max(0, y * height - size * 1.4);
  context.fillStyle = tokenColour("--accent");
  context.fillRect(x * width, top, context.measureText(text).width + size * 0.6, size * 1.4);
  context.fillStyle = tokenColour("--on-accent");
  context.fillText(text, x * width + size * 0.3, top + size * 1.05);
}

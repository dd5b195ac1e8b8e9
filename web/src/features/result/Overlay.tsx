import { useEffect, useRef, useState } from "react";
import { useFormat } from "@/lib/format";
import { onColoursChange, tokenColour } from "@/lib/theme";
import { useWords } from "@/lib/words/words";
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
      for (const face of facesAt(payloads, timeMs)) {
        const score = typeof face.score === "number" ? format.percent(face.score) : "–";
        drawFace(context, face, player.faceOf(face.track + 1, score), width, height);
      }
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
      aria-label={player.overlay}
      className="pointer-events-none absolute inset-0 size-full"
    />
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

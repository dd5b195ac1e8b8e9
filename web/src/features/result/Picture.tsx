import { Maximize, ZoomIn, ZoomOut } from "lucide-react";
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import type { MediaDetail } from "@/lib/api/queries";
import { useWords } from "@/lib/words/words";
import { IconButton } from "@/ui/Button";
import { Overlay, useLayers } from "./Overlay";
import type { ResultPayload } from "./queries";

const MOST = 12;
const WHOLE = { zoom: 1, x: 0, y: 0 };
const STEP = 60;
const KEYS: Record<string, readonly [zoom: number, x: number, y: number]> = {
  "+": [1.25, 0, 0],
  "=": [1.25, 0, 0],
  "-": [0.8, 0, 0],
  ArrowLeft: [1, STEP, 0],
  ArrowRight: [1, -STEP, 0],
  ArrowUp: [1, 0, STEP],
  ArrowDown: [1, 0, -STEP],
};

interface PictureProps {
  medium: MediaDetail;
  src: string;
  payloads: readonly ResultPayload[];
}

export function Picture({ medium, src, payloads }: PictureProps) {
  const { player } = useWords().result;
  const { layers, switches } = useLayers(payloads);
  const [view, setView] = useState(WHOLE);
  const [failed, setFailed] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const { width = 4, height = 3 } = medium.metadata.image ?? {};
  const move = (factor: number, dx: number, dy: number) =>
    setView((before) => {
      const zoom = Math.min(MOST, Math.max(1, before.zoom * factor));
      const ratio = zoom / before.zoom;
      return zoom === 1 ? WHOLE : { zoom, x: before.x * ratio + dx, y: before.y * ratio + dy };
    });
  useEffect(() => {
    const element = frame.current;
    // React listens passively, and then the page would scroll too.
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      move(event.deltaY < 0 ? 1.15 : 1 / 1.15, 0, 0);
    };
    element?.addEventListener("wheel", wheel, { passive: false });
    return () => element?.removeEventListener("wheel", wheel);
  });
  const press = (event: KeyboardEvent) => {
    const step = KEYS[event.key];
    if (event.key === "0") setView(WHOLE);
    else if (step) move(...step);
    else return;
    event.preventDefault();
  };
  const drag = (event: PointerEvent) => event.buttons === 1 && move(1, event.movementX, event.movementY);
  if (failed) return <p className="text-ink-soft">{player.noPlay}</p>;
  return (
    <div className="grid gap-3">
      <div
        ref={frame}
        role="application"
        aria-label={player.picture}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard zooms and moves it
        tabIndex={0}
        onKeyDown={press}
        onPointerMove={drag}
        className="grid cursor-move touch-pan-y justify-center overflow-hidden rounded-md bg-sunken"
      >
        <div
          className="relative w-fit"
          style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.zoom})` }}
        >
          <img
            src={src}
            alt={medium.filename}
            width={width}
            height={height}
            draggable={false}
            onError={() => setFailed(true)}
            className="h-auto max-h-[60dvh] w-auto max-w-full"
          />
          <Overlay payloads={payloads} layers={layers} timeMs={0} width={width} height={height} />
        </div>
      </div>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div className="flex gap-1">
          <IconButton icon={ZoomIn} label={player.zoomIn} onClick={() => move(1.5, 0, 0)} />
          <IconButton icon={ZoomOut} label={player.zoomOut} onClick={() => move(1 / 1.5, 0, 0)} />
          <IconButton icon={Maximize} label={player.reset} onClick={() => setView(WHOLE)} />
        </div>
        {switches}
      </div>
    </div>
  );
}

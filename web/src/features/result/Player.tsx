import { useQuery } from "@tanstack/react-query";
import { type ReactNode, type RefObject, useCallback, useEffect, useRef, useState } from "react";
import type { MediaDetail } from "@/lib/api/queries";
import { useWords } from "@/lib/words/words";
import { Card } from "@/ui/Card";
import { FourStates, Skeleton } from "@/ui/states";
import { Overlay, useLayers } from "./Overlay";
import { Picture } from "./Picture";
import { linkQuery, type ResultPayload } from "./queries";
import { SoundPicture } from "./SoundPicture";
import { Timeline } from "./Timeline";

interface PlayerProps {
  medium: MediaDetail;
  payloads: readonly ResultPayload[];
}

export function Player({ medium, payloads }: PlayerProps) {
  const { player } = useWords().result;
  const link = useQuery(linkQuery(medium.id));
  return (
    <Card title={player.title}>
      <FourStates query={link} waiting={<Skeleton className="aspect-video w-full" />}>
        {({ url }) =>
          medium.mediaType === "image" ? (
            <Picture medium={medium} src={url} payloads={payloads} />
          ) : (
            <Recording medium={medium} src={url} payloads={payloads} />
          )
        }
      </FourStates>
    </Card>
  );
}

function Recording({ medium, src, payloads }: PlayerProps & { src: string }) {
  const { player } = useWords().result;
  const { layers, switches } = useLayers(payloads);
  const element = useRef<HTMLVideoElement & HTMLAudioElement>(null);
  const [timeMs, setTimeMs] = useState(0);
  const [heard, setHeard] = useState<number | null>(null);
  const [failed, setFailed] = useState(false);
  const seek = useCallback((ms: number) => {
    setTimeMs(ms);
    if (element.current) element.current.currentTime = ms / 1000;
  }, []);
  const events = {
    ref: element,
    src,
    controls: true,
    preload: "metadata" as const,
    "aria-label": medium.filename,
    onTimeUpdate: () => element.current && setTimeMs(element.current.currentTime * 1000),
    onLoadedMetadata: () => {
      if (!element.current) return;
      if (Number.isFinite(element.current.duration)) setHeard(element.current.duration * 1000);
      // A new address must not send the listener back to the beginning.
      if (timeMs > 0) element.current.currentTime = timeMs / 1000;
      setFailed(false);
    },
    onError: () => setFailed(true),
  };
  useShownFrames(element, setTimeMs);
  const seeking = { durationMs: medium.metadata.durationMs ?? heard ?? 0, timeMs, onSeek: seek };
  const sound = <SoundPicture mediaId={medium.id} size={medium.size} {...seeking} />;
  const { width = 16, height = 9 } = medium.metadata.video ?? {};
  return (
    <div className="grid gap-4">
      {medium.mediaType === "video" ? (
        <div className="grid justify-center overflow-hidden rounded-md bg-sunken">
          <div className="relative">
            <video
              {...events}
              width={width}
              height={height}
              playsInline
              className="h-auto max-h-[60dvh] max-w-full"
            />
            <Overlay payloads={payloads} layers={layers} timeMs={timeMs} width={width} height={height} />
          </div>
        </div>
      ) : (
        <>
          {sound}
          <audio {...events} className="w-full" />
        </>
      )}
      {failed && <p className="text-sm text-ink-soft">{player.noPlay}</p>}
      {switches}
      {medium.mediaType === "video" && medium.hasAudio && (
        <OnDemand label={player.drawSound}>{sound}</OnDemand>
      )}
      <Timeline payloads={payloads} {...seeking} />
    </div>
  );
}

/** To draw the sound of a video the whole file is read, so it is drawn for those who want to see it. */
function OnDemand({ label, children }: { label: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="link mb-2 w-fit text-sm">{label}</summary>
      {open && children}
    </details>
  );
}

/** Tells the time of each frame that is shown, so that boxes stay on their faces: players say it four times a second only. */
function useShownFrames(player: RefObject<HTMLVideoElement | null>, onTime: (ms: number) => void) {
  useEffect(() => {
    const video = player.current;
    // Sounds have no frames.
    if (!video?.requestVideoFrameCallback) return;
    const tell: VideoFrameRequestCallback = (_, { mediaTime }) => {
      // A frame begins before the time that somebody has gone to.
      onTime((video.paused ? video.currentTime : mediaTime) * 1000);
      next = video.requestVideoFrameCallback(tell);
    };
    let next = video.requestVideoFrameCallback(tell);
    return () => video.cancelVideoFrameCallback(next);
  }, [player, onTime]);
}

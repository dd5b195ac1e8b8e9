import { useQuery } from "@tanstack/react-query";
import { AudioLines, Film, Image } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { fetchBlob } from "@/lib/api/client";
import type { Media } from "@/lib/api/queries";

const STILL_MS = 120;
/** Within this time more than half of the window passes by where somebody scrolls fast. */
const FAST_MS = 200;
const ICONS = { image: Image, video: Film, audio: AudioLines } as const;

/** A small picture of the file, or what kind it is where there is none. A row that is passed by has neither: an icon costs as much as its words. */
export function Thumbnail({ medium: { id, mediaType } }: { medium: Media }) {
  const isStill = useStill();
  const icon = <KindIcon mediaType={mediaType} />;
  return (
    <span className="grid h-11 w-16 shrink-0 place-items-center overflow-hidden rounded bg-sunken text-ink-soft">
      {mediaType === "audio" ? icon : isStill && <Small id={id} instead={icon} />}
    </span>
  );
}

function KindIcon({ mediaType }: Pick<Media, "mediaType">) {
  const Icon = ICONS[mediaType];
  return <Icon aria-hidden className="size-5" />;
}

function Small({ id, instead }: { id: string; instead: ReactNode }) {
  const { data: blob } = useQuery({
    queryKey: ["thumbnail", id],
    queryFn: ({ signal }) => fetchBlob(`/api/v1/media/${id}/thumbnail`, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
  const url = useObjectUrl(blob);
  return url ? <img src={url} alt="" className="size-full object-cover" /> : instead;
}

let fastAt = Number.NEGATIVE_INFINITY;
let mark = { at: 0, y: 0 };
window.addEventListener(
  "scroll",
  ({ timeStamp }) => {
    if (Math.abs(window.scrollY - mark.y) > window.innerHeight / 2) fastAt = timeStamp;
    if (timeStamp - mark.at > FAST_MS) mark = { at: timeStamp, y: window.scrollY };
  },
  { passive: true },
);

/**
 * Whether it has been in sight for a moment, and nobody scrolls fast: rows that are passed by ask for nothing. A slow machine keeps
 * them in sight for longer than a moment, and pictures would make it slower still.
 */
function useStill(): boolean {
  const [isStill, setStill] = useState(false);
  useEffect(() => {
    const look = () => {
      if (performance.now() - fastAt > FAST_MS) setStill(true);
      else timer = setTimeout(look, STILL_MS);
    };
    let timer = setTimeout(look, STILL_MS);
    return () => clearTimeout(timer);
  }, []);
  return isStill;
}

function useObjectUrl(blob: Blob | undefined): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!blob) return;
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => {
      setUrl(null);
      URL.revokeObjectURL(made);
    };
  }, [blob]);
  return url;
}

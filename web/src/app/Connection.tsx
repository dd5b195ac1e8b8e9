import { WifiOff } from "lucide-react";
import { cx } from "@/lib/cx";
import { type LiveState, useLiveState } from "@/lib/live/live";
import { useWords } from "@/lib/words/words";

const SHORT: Record<LiveState, "online" | "connecting"> = {
  online: "online",
  connecting: "connecting",
  off: "connecting",
  polling: "connecting",
  offline: "connecting",
};

/** Whether live events are heard: a word and a dot. */
export function ConnectionMark() {
  const { connection } = useWords().common;
  const state = useLiveState();
  const isOnline = state === "online";
  return (
    <span className="flex items-center gap-2 px-2 text-sm whitespace-nowrap text-ink-soft">
      <span
        aria-hidden
        className={cx(
          "size-2 shrink-0 rounded-full border",
          isOnline ? "border-real bg-real" : "border-unsure",
        )}
      />
      {connection[SHORT[state]]}
    </span>
  );
}

/** Says so when what is seen may be old. */
export function ConnectionBanner() {
  const { connection } = useWords().common;
  const state = useLiveState();
  const isDown = state === "polling" || state === "offline";
  return (
    <div role="status">
      {isDown && (
        <p className="flex items-start gap-2.5 bg-unsure-soft px-4 py-2 text-unsure sm:px-6 lg:px-8">
          <WifiOff aria-hidden className="mt-0.5 size-5 shrink-0" />
          {connection[state]}
        </p>
      )}
    </div>
  );
}

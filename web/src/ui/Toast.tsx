import { CircleAlert, CircleCheck, X } from "lucide-react";
import { createStore, useStore } from "@/lib/store";
import { useWords } from "@/lib/words/words";
import { IconButton } from "./Button";

interface Toast {
  id: number;
  kind: "done" | "failed";
  text: string;
}

const SHOWN_MS = 6_000;
const toasts = createStore<readonly Toast[]>([]);
let next = 1;

/** Says in passing what was done. What went wrong stays until it is dismissed. */
export function toast(text: string, kind: Toast["kind"] = "done"): void {
  const id = next++;
  toasts.set([...toasts.get().slice(-3), { id, kind, text }]);
  if (kind === "done") setTimeout(() => dismiss(id), SHOWN_MS);
}

function dismiss(id: number) {
  toasts.set(toasts.get().filter((toast) => toast.id !== id));
}

/** Stands once in the app. */
export function Toasts() {
  const words = useWords();
  const shown = useStore(toasts);
  return (
    <div
      role="status"
      className="pointer-events-none fixed inset-x-3 bottom-20 z-50 grid justify-items-center gap-2 lg:bottom-4"
    >
      {shown.map(({ id, kind, text }) => (
        <div
          key={id}
          className="pointer-events-auto flex w-full max-w-md items-center gap-3 rounded-lg border border-line bg-raised py-2 pr-2 pl-4 shadow-lg"
        >
          {kind === "done" ? (
            <CircleCheck aria-hidden className="size-5 shrink-0 text-real" />
          ) : (
            <CircleAlert aria-hidden className="size-5 shrink-0 text-danger" />
          )}
          <span className="min-w-0 flex-1">{text}</span>
          <IconButton icon={X} label={words.common.dismiss} size="small" onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}

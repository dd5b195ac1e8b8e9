import { useQuery } from "@tanstack/react-query";
import { FolderUp, Upload } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { aboutQuery } from "@/lib/api/queries";
import { useFormat } from "@/lib/format";
import { canOpenFiles, openFiles } from "@/lib/handles";
import { useWords } from "@/lib/words/words";
import { Button } from "@/ui/Button";
import { toast } from "@/ui/Toast";
import type { Limits } from "./check";
import { droppedFiles, withoutHandle } from "./dropped";
import { add } from "./uploads";

/** Buttons for files and folders; a drop is taken anywhere in the window. */
export function AddFiles() {
  const { library } = useWords();
  const format = useFormat();
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const about = useQuery(aboutQuery);
  const limits = about.data?.limits ?? null;
  const isOver = useDrop(limits);
  const take = (input: HTMLInputElement) => {
    add([...(input.files ?? [])].map(withoutHandle), limits);
    // The same file may be chosen again.
    input.value = "";
  };
  const choose = async () => {
    if (canOpenFiles()) add(await openFiles(), limits);
    else files.current?.click();
  };
  return (
    <div className="mb-5 flex flex-wrap items-center justify-between gap-3 rounded-lg border border-dashed border-line-strong bg-surface px-4 py-4">
      <div className="min-w-0">
        <p className="font-medium">{library.dropHere}</p>
        <p className="text-sm text-ink-soft">
          {limits === null ? library.kinds : library.kindsUpTo(format.bytes(limits.uploadBytes))}
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        <input
          ref={files}
          type="file"
          multiple
          hidden
          aria-label={library.chooseFiles}
          onChange={(event) => take(event.currentTarget)}
        />
        <input
          ref={folder}
          type="file"
          hidden
          aria-label={library.chooseFolder}
          {...{ webkitdirectory: "" }}
          onChange={(event) => take(event.currentTarget)}
        />
        <Button look="primary" icon={Upload} onClick={() => void choose()}>
          {library.chooseFiles}
        </Button>
        <Button icon={FolderUp} onClick={() => folder.current?.click()}>
          {library.chooseFolder}
        </Button>
      </div>
      {isOver && (
        <div className="pointer-events-none fixed inset-3 z-50 grid place-items-center rounded-xl border-2 border-dashed border-accent bg-accent-soft text-xl font-semibold text-accent-strong">
          {library.dropNow}
        </div>
      )}
    </div>
  );
}

function useDrop(limits: Limits | null): boolean {
  const { problems } = useWords();
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const over = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => event.relatedTarget === null && setOver(false);
    const drop = (event: DragEvent) => {
      if (!holdsFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      setOver(false);
      droppedFiles(event.dataTransfer).then(
        (files) => add(files, limits),
        () => toast(problems.unreadable_media, "failed"),
      );
    };
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, [limits, problems]);
  return isOver;
}

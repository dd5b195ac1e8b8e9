import { useQueryClient } from "@tanstack/react-query";
import { RotateCw, Trash2 } from "lucide-react";
import { useState } from "react";
import { answer, api } from "@/lib/api/client";
import { expectRows, refreshLists } from "@/lib/api/lists";
import { ApiProblem } from "@/lib/api/problem";
import type { Media } from "@/lib/api/queries";
import { useWords } from "@/lib/words/words";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/Dialog";
import { toast } from "@/ui/Toast";

interface SelectionProps {
  chosen: readonly Media[];
  onDone: (ids: readonly string[]) => void;
}

interface Deed {
  act: (id: string) => Promise<unknown>;
  told: (count: number) => string;
  /** What becomes of the row, shown at once; null when it goes. */
  change: (row: Media) => Media | null;
}

/** What can be done with the files that are chosen. What fails is told by file, and stays chosen. */
export function Selection({ chosen, onDone }: SelectionProps) {
  const { library, problems } = useWords();
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);

  const each = async ({ act, told, change }: Deed) => {
    setAsking(false);
    setBusy(true);
    const done: string[] = [];
    const ids = chosen.map(({ id }) => id);
    const putBack = await expectRows(client, ids, change);
    // One after the other: the service is not flooded, and a refusal is told with its file.
    for (const { id, filename } of chosen) {
      try {
        await act(id);
        done.push(id);
      } catch (error) {
        putBack(id);
        const { code, message } = ApiProblem.from(error);
        toast(library.failedFor(filename, problems[code] ?? message), "failed");
      }
    }
    await refreshLists(client);
    setBusy(false);
    if (done.length > 0) toast(told(done.length));
    onDone(done);
  };
  const path = (id: string) => ({ params: { path: { id } } });
  const remove = () =>
    each({
      act: (id) => answer(api.DELETE("/api/v1/media/{id}", path(id))),
      told: library.deleted,
      change: () => null,
    });
  const judge = () =>
    each({
      act: (id) => answer(api.POST("/api/v1/media/{id}/analyze", path(id))),
      told: library.startedAgain,
      change: (row) => ({ ...row, status: "QUEUED" }),
    });

  if (chosen.length === 0) return null;
  return (
    <div className="flex flex-wrap items-center gap-2">
      <span className="text-sm">{library.chosen(chosen.length)}</span>
      <Button size="small" icon={RotateCw} busy={isBusy} onClick={() => void judge()}>
        {library.judgeAgain}
      </Button>
      <Button size="small" icon={Trash2} disabled={isBusy} onClick={() => setAsking(true)}>
        {library.deleteFiles(chosen.length)}
      </Button>
      <ConfirmDialog
        open={isAsking}
        onClose={() => setAsking(false)}
        title={library.askDelete(chosen.length)}
        detail={library.deleteDetail}
        action={library.deleteFiles(chosen.length)}
        danger
        onConfirm={() => void remove()}
      />
    </div>
  );
}

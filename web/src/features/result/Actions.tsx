import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ban, Download, FileJson, FileText, RotateCw, Trash2 } from "lucide-react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { answer, api, fetchBlob } from "@/lib/api/client";
import { refreshLists } from "@/lib/api/lists";
import { keys, type MediaDetail, type Run } from "@/lib/api/queries";
import { useWords } from "@/lib/words/words";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/Dialog";
import { DropdownMenu, MenuItem } from "@/ui/DropdownMenu";
import { ErrorNotice } from "@/ui/states";
import { toast } from "@/ui/Toast";
import { Rerun } from "./Rerun";
import { isOpen } from "./VerdictCard";

interface ActionsProps {
  medium: MediaDetail;
  run: Run | undefined;
  onStarted: () => void;
}

export function Actions({ medium, run, onStarted }: ActionsProps) {
  const { result } = useWords();
  const client = useQueryClient();
  const failed = useFailed();
  const [shown, setShown] = useState<"rerun" | "remove" | null>(null);
  const close = () => setShown(null);
  const cancel = useMutation({
    mutationFn: (id: string) => answer(api.POST("/api/v1/runs/{id}/cancel", { params: { path: { id } } })),
    onSuccess: () => toast(result.cancelled, "done"),
    onError: failed,
    onSettled: () => client.invalidateQueries({ queryKey: keys.mediaDetail(medium.id) }),
  });
  return (
    <>
      {run && isOpen(run) && (
        <Button icon={Ban} busy={cancel.isPending} onClick={() => cancel.mutate(run.id)}>
          {result.cancel}
        </Button>
      )}
      <Button icon={RotateCw} onClick={() => setShown("rerun")}>
        {result.rerun.action}
      </Button>
      <Downloads medium={medium} run={run} />
      <Button icon={Trash2} onClick={() => setShown("remove")}>
        {result.remove.action}
      </Button>
      {shown === "rerun" && (
        <Rerun
          medium={medium}
          onClose={close}
          onStarted={() => {
            close();
            onStarted();
          }}
        />
      )}
      <Remove medium={medium} open={shown === "remove"} onClose={close} />
    </>
  );
}

function Downloads({ medium, run }: { medium: MediaDetail; run: Run | undefined }) {
  const { download } = useWords().result;
  const failed = useFailed();
  const fetchFile = useMutation({
    mutationFn: async ({ path, name }: { path: string; name: string }) => save(await fetchBlob(path), name),
    onError: failed,
  });
  const original = { path: `/api/v1/media/${medium.id}/content`, name: medium.filename };
  const report = (format: "json" | "html") =>
    run &&
    fetchFile.mutate({
      path: `/api/v1/runs/${run.id}/report?format=${format}`,
      name: `${medium.filename}.${format}`,
    });
  const hasNone = !run || isOpen(run) || run.status === "CANCELLED";
  return (
    <DropdownMenu
      trigger={
        <Button icon={Download} busy={fetchFile.isPending}>
          {download.menu}
        </Button>
      }
    >
      <MenuItem icon={Download} onSelect={() => fetchFile.mutate(original)}>
        {download.original}
      </MenuItem>
      <MenuItem icon={FileText} disabled={hasNone} onSelect={() => report("html")}>
        {download.page}
      </MenuItem>
      <MenuItem icon={FileJson} disabled={hasNone} onSelect={() => report("json")}>
        {download.report}
      </MenuItem>
    </DropdownMenu>
  );
}

function Remove({ medium, open, onClose }: { medium: MediaDetail; open: boolean; onClose: () => void }) {
  const { remove } = useWords().result;
  const client = useQueryClient();
  const navigate = useNavigate();
  const removal = useMutation({
    mutationFn: () => answer(api.DELETE("/api/v1/media/{id}", { params: { path: { id: medium.id } } })),
    onSuccess: async () => {
      toast(remove.done, "done");
      await navigate("/");
      client.removeQueries({ queryKey: keys.mediaDetail(medium.id) });
      void refreshLists(client);
    },
  });
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title={remove.title}
      detail={remove.detail}
      action={remove.action}
      danger
      busy={removal.isPending}
      onConfirm={() => removal.mutate()}
    >
      {removal.error && <ErrorNotice error={removal.error} />}
    </ConfirmDialog>
  );
}

/** Says a failure in passing. */
function useFailed() {
  const { problems } = useWords();
  return (error: Error) => {
    const code = "code" in error ? (error.code as keyof typeof problems) : null;
    toast((code && problems[code]) ?? error.message, "failed");
  };
}

function save(blob: Blob, name: string) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

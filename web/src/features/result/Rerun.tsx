import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "@/lib/api/client";
import { keys, type MediaDetail, type Model, modelsQuery } from "@/lib/api/queries";
import { useWords } from "@/lib/words/words";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { Dialog } from "@/ui/Dialog";
import { ErrorNotice, FourStates } from "@/ui/states";
import { toast } from "@/ui/Toast";

interface RerunProps {
  medium: MediaDetail;
  onClose: () => void;
  onStarted: () => void;
}

/** A video is looked at by models of pictures and of sound too. */
function reads(model: Model, { mediaType, hasAudio }: MediaDetail): boolean {
  return (
    model.kinds.includes(mediaType) || (mediaType === "video" && hasAudio && model.kinds.includes("audio"))
  );
}

export function Rerun({ medium, onClose, onStarted }: RerunProps) {
  const words = useWords();
  const { rerun } = words.result;
  const client = useQueryClient();
  const models = useQuery(modelsQuery);
  const [switched, setSwitched] = useState<ReadonlySet<string>>(new Set());
  const fitting = (models.data?.items ?? []).filter((model) => reads(model, medium));
  const isChosen = ({ name, onRequest = false }: Model) => switched.has(name) === onRequest;
  const chosen = fitting.filter(isChosen).map(({ name }) => name);
  const start = useMutation({
    mutationFn: () => {
      const params = { path: { id: medium.id } };
      return answer(api.POST("/api/v1/media/{id}/analyze", { params, body: { models: chosen } }));
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.mediaDetail(medium.id) });
      toast(rerun.started, "done");
      onStarted();
    },
  });
  const toggle = (name: string) => {
    const next = new Set(switched);
    if (!next.delete(name)) next.add(name);
    setSwitched(next);
  };
  return (
    <Dialog open onClose={onClose} title={rerun.title} detail={rerun.detail}>
      <FourStates
        query={models}
        isEmpty={() => fitting.length === 0}
        empty={<p className="text-ink-soft">{rerun.noModels}</p>}
      >
        {() => (
          <fieldset className="grid gap-2">
            <legend className="plate mb-2">{rerun.models}</legend>
            {fitting.map((model) => (
              <Checkbox
                key={model.name}
                label={<span lang="en">{model.title}</span>}
                checked={isChosen(model)}
                onChange={() => toggle(model.name)}
              />
            ))}
            {chosen.length === 0 && <p className="text-sm text-danger">{rerun.none}</p>}
          </fieldset>
        )}
      </FourStates>
      {start.error && <ErrorNotice error={start.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{words.common.cancel}</Button>
        <Button
          look="primary"
          busy={start.isPending}
          disabled={chosen.length === 0}
          onClick={() => start.mutate()}
        >
          {rerun.start}
        </Button>
      </div>
    </Dialog>
  );
}

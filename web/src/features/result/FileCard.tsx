import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Copy, Pencil } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { answer, api } from "@/lib/api/client";
import { refreshLists } from "@/lib/api/lists";
import { keys, type MediaDetail } from "@/lib/api/queries";
import { useFormat } from "@/lib/format";
import { useWords } from "@/lib/words/words";
import { Button, IconButton } from "@/ui/Button";
import { Card, Facts } from "@/ui/Card";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { TextArea } from "@/ui/Input";
import { ErrorNotice } from "@/ui/states";
import { useCopy } from "@/ui/useCopy";

export function FileCard({ medium }: { medium: MediaDetail }) {
  const words = useWords();
  const { file } = words.result;
  const [editing, setEditing] = useState(false);
  const facts = useFacts(medium);
  const copy = useCopy();
  const sum = (
    <span className="flex items-start gap-1">
      <code className="min-w-0 font-mono text-xs break-all">{medium.sha256}</code>
      <IconButton
        icon={Copy}
        size="small"
        label={`${words.common.copy} SHA-256`}
        onClick={() => copy(medium.sha256, file.copyFailed)}
      />
    </span>
  );
  return (
    <Card
      title={file.title}
      actions={<IconButton icon={Pencil} size="small" label={file.edit} onClick={() => setEditing(true)} />}
    >
      <p className="mb-3 break-words whitespace-pre-wrap">
        {medium.description || <span className="text-ink-soft">{file.noDescription}</span>}
      </p>
      <Facts items={[...facts, ["SHA-256", sum]]} />
      {editing && <Description medium={medium} onClose={() => setEditing(false)} />}
    </Card>
  );
}

function useFacts({ mediaType, mimetype, size, createdAt, metadata }: MediaDetail): [string, ReactNode][] {
  const words = useWords();
  const { file } = words.result;
  const format = useFormat();
  const { video, audio, image, durationMs } = metadata;
  const picture = image ?? video;
  const facts: [string, ReactNode][] = [
    [file.kind, words.common.kinds[mediaType]],
    [file.type, mimetype],
    [file.format, metadata.format],
    [file.size, format.bytes(size)],
  ];
  if (typeof durationMs === "number") facts.push([file.length, format.timecode(durationMs, true)]);
  if (picture) facts.push([file.dimensions, `${picture.width} × ${picture.height}`]);
  if (video) facts.push([file.videoCodec, video.codec]);
  if (video?.fps) facts.push([file.frames, format.number(video.fps)]);
  if (audio) {
    facts.push([file.audioCodec, audio.codec], [file.sampleRate, `${format.number(audio.sampleRate)} Hz`]);
    facts.push([file.channels, format.number(audio.channels)]);
  }
  facts.push([file.added, format.dateTime(createdAt)]);
  return facts;
}

function Description({ medium, onClose }: { medium: MediaDetail; onClose: () => void }) {
  const words = useWords();
  const client = useQueryClient();
  const [text, setText] = useState(medium.description ?? "");
  const save = useMutation({
    mutationFn: () => {
      const params = { path: { id: medium.id } };
      return answer(api.PATCH("/api/v1/media/{id}", { params, body: { description: text.trim() || null } }));
    },
    onSuccess: (next) => {
      client.setQueryData<MediaDetail>(
        keys.mediaDetail(medium.id),
        (before) => before && { ...before, ...next },
      );
      void refreshLists(client);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog open onClose={onClose} title={words.result.file.edit}>
      <form onSubmit={submit} className="grid gap-4">
        <Field label={words.result.file.description}>
          {(control) => (
            <TextArea {...control} rows={4} value={text} onChange={(event) => setText(event.target.value)} />
          )}
        </Field>
        {save.error && <ErrorNotice error={save.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{words.common.cancel}</Button>
          <Button look="primary" type="submit" busy={save.isPending}>
            {words.common.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

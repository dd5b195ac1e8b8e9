import { RotateCw, X } from "lucide-react";
import { Link } from "react-router";
import { useFormat } from "@/lib/format";
import { useStore } from "@/lib/store";
import { useWords } from "@/lib/words/words";
import { Button, IconButton } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Progress } from "@/ui/Progress";
import { cancel, dismissEnded, mayRetry, retry, type Upload, uploads } from "./uploads";

/** Files on their way, and those that were refused. */
export function UploadPanel() {
  const { library } = useWords();
  const all = useStore(uploads);
  if (all.length === 0) return null;
  return (
    <Card
      title={library.uploads(all.length)}
      className="mb-5"
      actions={
        <Button size="small" look="quiet" onClick={dismissEnded}>
          {library.clearEnded}
        </Button>
      }
    >
      <ul
        aria-label={library.uploadList}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
        tabIndex={0}
        className="grid max-h-72 gap-3 overflow-y-auto"
      >
        {all.map((upload) => (
          <UploadRow key={upload.key} upload={upload} />
        ))}
      </ul>
    </Card>
  );
}

function UploadRow({ upload }: { upload: Upload }) {
  const { library, problems } = useWords();
  const format = useFormat();
  const { key, file, state, share, mediaId, error } = upload;
  const isOpen = state === "waiting" || state === "sending" || state === "pausing";
  return (
    <li className="flex items-center gap-3">
      <div className="grid min-w-0 flex-1 gap-1">
        <div className="flex justify-between gap-3">
          {mediaId ? (
            <Link to={`/media/${mediaId}`} className="link truncate">
              {file.name}
            </Link>
          ) : (
            <span className="truncate">{file.name}</span>
          )}
          <span className="shrink-0 text-sm text-ink-soft">
            {state === "sending" && share < 1 ? format.percent(share) : format.bytes(file.size)}
          </span>
        </div>
        {state === "sending" && <Progress label={library.uploading(file.name)} share={share} />}
        {/* A refusal is read out at once; progress is not. */}
        <p
          {...(state === "failed" ? { role: "alert" } : {})}
          className={state === "failed" ? "text-sm text-danger" : "text-sm text-ink-soft"}
        >
          {state === "failed" && error
            ? (problems[error.code] ?? error.message)
            : library.uploadStates[state]}
        </p>
      </div>
      {mayRetry(upload) && (
        <IconButton icon={RotateCw} label={library.retryUpload(file.name)} onClick={() => retry(key)} />
      )}
      {isOpen && <IconButton icon={X} label={library.cancelUpload(file.name)} onClick={() => cancel(key)} />}
    </li>
  );
}

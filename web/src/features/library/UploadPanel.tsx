import { useQuery } from "@tanstack/react-query";
import { FolderSearch, Pause, Play, RotateCw, X } from "lucide-react";
import { memo, useRef, useState } from "react";
import { Link } from "react-router";
import type { ApiProblem } from "@/lib/api/problem";
import { aboutQuery } from "@/lib/api/queries";
import { useFormat } from "@/lib/format";
import { useStore } from "@/lib/store";
import { useWords } from "@/lib/words/words";
import { Button, IconButton } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Progress } from "@/ui/Progress";
import {
  cancel,
  dismissEnded,
  goOn,
  goOnAgain,
  isOpen,
  mayRetry,
  pause,
  resume,
  retry,
  type Upload,
  uploads,
} from "./uploads";

/** Files on their way, those left unfinished, and those that were refused. */
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

/** Keeps still while others go on: a folder may hold thousands. */
const UploadRow = memo(function UploadRow({ upload }: { upload: Upload }) {
  const { library } = useWords();
  const format = useFormat();
  const { name, bytes, state, share, mediaId, error, handle } = upload;
  const stateText = state === "left" && handle ? library.leftKnown : library.uploadStates[state];
  const isPartly = isOpen(upload) && (state === "sending" || share > 0);
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2">
      <div className="grid min-w-0 flex-1 gap-1">
        <div className="flex justify-between gap-3">
          {mediaId ? (
            <Link to={`/media/${mediaId}`} className="link truncate">
              {name}
            </Link>
          ) : (
            <span className="truncate">{name}</span>
          )}
          <span className="shrink-0 text-sm text-ink-soft">
            {isPartly && share < 1 ? format.percent(share) : format.bytes(bytes)}
          </span>
        </div>
        {isPartly && <Progress label={library.uploading(name)} share={share} />}
        {/* A refusal is read out at once; progress is not. */}
        <p
          {...(state === "failed" ? { role: "alert" } : {})}
          className={state === "failed" ? "text-sm text-danger" : "text-sm text-ink-soft"}
        >
          {state === "failed" && error ? <Why error={error} /> : stateText}
        </p>
      </div>
      {state === "left" && <GoOn upload={upload} />}
      <Controls upload={upload} />
    </li>
  );
});

/** Why a file was not taken, and what would be. */
function Why({ error: { code, message } }: { error: ApiProblem }) {
  const { library, problems } = useWords();
  const format = useFormat();
  const { data: about } = useQuery(aboutQuery);
  const limits = about && {
    file_too_large: format.bytes(about.limits.uploadBytes),
    too_long: format.timecode(about.limits.durationSecs * 1000),
    too_many_pixels: library.megapixels(format.number(about.limits.pixels / 1_000_000)),
  };
  const limit = limits?.[code as keyof typeof limits];
  return (
    <>
      {problems[code] ?? message} {limit && library.atMost(limit)}
      {code === "unsupported_media" && (
        <Link to="/help" className="link">
          {library.whatIsTaken}
        </Link>
      )}
    </>
  );
}

function Controls({ upload }: { upload: Upload }) {
  const { library } = useWords();
  const { key, name, state } = upload;
  const runs = state === "waiting" || state === "sending" || state === "pausing";
  return (
    <div className="flex">
      {runs && <IconButton icon={Pause} label={library.pauseUpload(name)} onClick={() => pause(key)} />}
      {state === "paused" && (
        <IconButton icon={Play} label={library.resumeUpload(name)} onClick={() => resume(key)} />
      )}
      {mayRetry(upload) && (
        <IconButton icon={RotateCw} label={library.retryUpload(name)} onClick={() => retry(key)} />
      )}
      {isOpen(upload) && (
        <IconButton icon={X} label={library.cancelUpload(name)} onClick={() => cancel(key)} />
      )}
    </div>
  );
}

/** After a reload the file is read again by a click, or shown again by its person where the browser has forgotten it. */
function GoOn({ upload }: { upload: Upload }) {
  const { library } = useWords();
  const [isOther, setOther] = useState(false);
  const { key, name, handle } = upload;
  return (
    <>
      {handle && (
        <Button
          size="small"
          icon={Play}
          aria-label={library.resumeUpload(name)}
          onClick={async () => setOther(!(await goOnAgain(upload)))}
        >
          {library.goOn}
        </Button>
      )}
      {(!handle || isOther) && (
        <ChooseAgain name={name} onChoice={async (file) => setOther(!(await goOn(key, file)))} />
      )}
      {isOther && (
        <p role="alert" className="order-last w-full text-sm text-danger">
          {library.otherFile}
        </p>
      )}
    </>
  );
}

function ChooseAgain({ name, onChoice }: { name: string; onChoice: (file: File) => void }) {
  const { library } = useWords();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={library.chooseAgain(name)}
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          if (file) onChoice(file);
          // The same file may be chosen again.
          currentTarget.value = "";
        }}
      />
      <Button size="small" icon={FolderSearch} onClick={() => input.current?.click()}>
        {library.chooseSame}
      </Button>
    </>
  );
}

import { useQuery } from "@tanstack/react-query";
import { Copy } from "lucide-react";
import { aboutQuery, modelsQuery } from "@/lib/api/queries";
import { useFormat } from "@/lib/format";
import { useWords } from "@/lib/words/words";
import { VerdictBadge } from "@/ui/Badge";
import { IconButton } from "@/ui/Button";
import { Card, Facts } from "@/ui/Card";
import { PageHeader } from "@/ui/PageHeader";
import { FourStates } from "@/ui/states";
import { useCopy } from "@/ui/useCopy";

const PREDICTIONS = ["FAKE", "REAL", "INCONCLUSIVE", "NOT_APPLICABLE"] as const;

export function HelpPage() {
  const { help } = useWords();
  return (
    <>
      <PageHeader title={help.title} />
      <div className="grid max-w-4xl grid-cols-[minmax(0,1fr)] gap-5">
        <Documents />
        <Verdicts />
        <Models />
        <Files />
        <Programs />
      </div>
    </>
  );
}

/** Pages of their own, outside of the app. */
function Documents() {
  const { help } = useWords();
  return (
    <p>
      {help.documentsText}{" "}
      <a className="link" href="/docs/" hrefLang="en">
        {help.documents}
      </a>
      .
    </p>
  );
}

function Verdicts() {
  const { help, verdicts } = useWords();
  return (
    <Card title={help.verdictTitle}>
      <dl className="mb-4 grid gap-3">
        {PREDICTIONS.map((prediction) => (
          <div key={prediction} className="grid gap-1 sm:grid-cols-[10rem_1fr]">
            <dt>
              <VerdictBadge verdict={prediction} />
            </dt>
            <dd>{verdicts[prediction].meaning}</dd>
          </div>
        ))}
      </dl>
      <Paragraphs lines={help.verdictText} />
    </Card>
  );
}

function Paragraphs({ lines, lang }: { lines: readonly string[]; lang?: string }) {
  return (
    <div lang={lang} className="grid max-w-prose gap-3">
      {lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
    </div>
  );
}

/** What they say of themselves is English. */
function Models() {
  const { help, common } = useWords();
  const models = useQuery(modelsQuery);
  const kind = (name: string) => (common.kinds as Record<string, string>)[name] ?? name;
  return (
    <Card title={help.modelsTitle}>
      <FourStates query={models} isEmpty={({ items }) => items.length === 0} empty={<p>{help.noModels}</p>}>
        {({ items }) => (
          <ul className="grid gap-6">
            {items.map((model) => (
              <li key={model.name} className="grid gap-2">
                <h3 lang="en" className="font-semibold">
                  {model.title}
                </h3>
                <p className="font-mono text-xs break-all text-ink-soft">
                  {model.name} {model.version}
                </p>
                <Facts
                  items={[
                    [help.kinds, model.kinds.map(kind).join(", ")],
                    [help.weight, help.weights[model.weight] ?? model.weight],
                  ]}
                />
                <h4 className="plate">{help.quality}</h4>
                <Paragraphs
                  lang="en"
                  lines={[model.quality, ...(model.rates ?? []).map(({ sentence }) => sentence)]}
                />
                <h4 className="plate">{help.limits}</h4>
                <Paragraphs lang="en" lines={model.limits} />
              </li>
            ))}
          </ul>
        )}
      </FourStates>
    </Card>
  );
}

function Files() {
  const { help, common } = useWords();
  const format = useFormat();
  const about = useQuery(aboutQuery);
  return (
    <Card title={help.fileTitle}>
      <Paragraphs lines={help.fileText} />
      <div className="mt-4">
        <FourStates query={about}>
          {({ limits, accepted }) => (
            <div className="grid gap-3">
              <p>
                {help.fileLimits(
                  format.bytes(limits.uploadBytes),
                  format.timecode(limits.durationSecs * 1000),
                  format.number(limits.pixels / 1_000_000),
                )}
              </p>
              <h3 className="plate">{help.accepted}</h3>
              <Facts
                items={accepted.map((kind) => [common.kinds[kind.mediaType], kind.mimetypes.join(", ")])}
              />
            </div>
          )}
        </FourStates>
      </div>
    </Card>
  );
}

function Programs() {
  const { help } = useWords();
  const server = location.origin;
  return (
    <Card title={help.apiTitle}>
      <p className="mb-4">
        {help.apiText}{" "}
        <a className="link" href="/api/docs">
          /api/docs
        </a>
        .
      </p>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
        <Example
          title={help.curl}
          code={`curl -H "X-API-Key: $KEY" -F media=@interview.mp4 ${server}/api/v1/media`}
        />
        <Example title={help.curlRead} code={`curl -H "X-API-Key: $KEY" ${server}/api/v1/media/$ID`} />
        <Example
          title={help.cli}
          code={`drishtiksha login ${server} --email ada@example.org --password-stdin\ndrishtiksha upload --wait interview.mp4\ndrishtiksha runs`}
        />
      </div>
    </Card>
  );
}

function Example({ title, code }: { title: string; code: string }) {
  const { help } = useWords();
  const copy = useCopy();
  return (
    <div>
      <div className="mb-1 flex items-center justify-between gap-2">
        <h3 className="plate">{title}</h3>
        <IconButton
          icon={Copy}
          size="small"
          label={help.copyOf(title)}
          onClick={() => copy(code, help.copyFailed)}
        />
      </div>
      <pre className="rounded-md bg-sunken p-3 font-mono text-sm break-all whitespace-pre-wrap">{code}</pre>
    </div>
  );
}

import { useWords } from "@/lib/words/words";
import { Badge } from "@/ui/Badge";
import { Card } from "@/ui/Card";
import type { Credentials, Manifest, Note, ResultPayload, Trace } from "./queries";

/** What the file says of its own origin. All of it is the file's own text, so it is shown as text and nothing else. */
export function Provenance({ payloads }: { payloads: readonly ResultPayload[] }) {
  const { provenance: words } = useWords().result;
  const found = payloads.flatMap(({ provenance }) => (provenance ? [provenance] : []));
  if (found.length === 0) return null;
  return (
    <Card title={words.title}>
      <div className="grid gap-4">
        <p className="text-sm text-ink-soft">{words.warning}</p>
        {found.map(({ traces, credentials, notes, cut }) => (
          <div key={JSON.stringify([traces, notes])} className="grid gap-4">
            {traces.length > 0 && <Traces traces={traces} />}
            {credentials && <Chain credentials={credentials} />}
            {notes && notes.length > 0 && <Notes notes={notes} />}
            {cut && <p>{words.cut}</p>}
          </div>
        ))}
      </div>
    </Card>
  );
}

function Traces({ traces }: { traces: readonly Trace[] }) {
  const { provenance: words } = useWords().result;
  return (
    <div>
      <h3 className="plate mb-1">{words.traces}</h3>
      <ul className="grid gap-3">
        {traces.map((trace) => (
          <li key={`${trace.rule} ${trace.place}`} className="min-w-0">
            <Badge tone={trace.kind === "declaration" ? "fake" : "plain"}>
              {words.kinds[trace.kind] ?? trace.kind}
            </Badge>{" "}
            {trace.generator}
            <span className="block text-sm text-ink-soft">{words.stood(trace.place, trace.rule)}</span>
            <code className="block font-mono text-xs break-words whitespace-pre-wrap">{trace.says}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Notes({ notes }: { notes: readonly Note[] }) {
  const { provenance: words } = useWords().result;
  return (
    <div>
      <h3 className="plate mb-1">{words.notes}</h3>
      <ul className="grid gap-1">
        {notes.map(({ kind, place, says }) => (
          <li key={`${kind} ${place} ${says}`} className="min-w-0 break-words">
            <span className="text-ink-soft">{words.noteKinds[kind] ?? kind}</span> {says}
            <span className="block text-sm text-ink-soft">{place}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Chain({ credentials }: { credentials: Credentials }) {
  const { provenance: words } = useWords().result;
  const { state, problems, manifests } = credentials;
  return (
    <div>
      <h3 className="plate mb-1">{words.credentials}</h3>
      <p>
        <Badge tone={state === "invalid" ? "fake" : "plain"}>{words.states[state]?.[0] ?? state}</Badge>{" "}
        {words.states[state]?.[1]}
      </p>
      {problems.length > 0 && <p className="text-sm break-words">{words.problems(problems.join(", "))}</p>}
      <ol className="mt-3 grid gap-3 border-l-2 border-line pl-4">
        {manifests.map((manifest) => (
          <li key={manifest.label} className="min-w-0 break-words">
            <Step manifest={manifest} />
          </li>
        ))}
      </ol>
    </div>
  );
}

function Step({ manifest }: { manifest: Manifest }) {
  const { provenance: words } = useWords().result;
  const { title, generator, issuer, signed_at, actions, ingredients, identities } = manifest;
  const signed = [issuer, signed_at].filter(Boolean).join(", ");
  return (
    <>
      <span className="font-medium">{[generator, title].filter(Boolean).join(", ") || words.nameless}</span>
      {signed && <span className="block text-sm text-ink-soft">{words.signed(signed)}</span>}
      <ul className="list-disc pl-5 text-sm">
        {actions.map(({ action, software, source_type }) => (
          <li key={`${action} ${software} ${source_type}`}>
            {[
              words.actions[action] ?? action,
              software,
              source_type && (words.sources[source_type] ?? source_type),
            ]
              .filter(Boolean)
              .join(" · ")}
          </li>
        ))}
        {ingredients.map((part) => (
          <li key={`${part.relationship} ${part.title} ${part.manifest}`}>
            {words.madeFrom(part.title, words.relations[part.relationship] ?? part.relationship)}
          </li>
        ))}
        {identities.map(({ label, kind }) => (
          <li key={label}>{words.identity(kind)}</li>
        ))}
      </ul>
    </>
  );
}

import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import type { components } from "@/lib/api/schema";
import { useFormat } from "@/lib/format";
import { useWords } from "@/lib/words/words";
import { Badge } from "@/ui/Badge";
import { Card, Facts } from "@/ui/Card";
import { FourStates, Skeleton } from "@/ui/states";
import { Table } from "@/ui/Table";
import { historyQuery, serversQuery } from "./queries";

// Drawing is a library of its own size; it comes when there is something to draw.
const Chart = lazy(() => import("@/ui/Chart").then((module) => ({ default: module.Chart })));

type Server = components["schemas"]["Server"];
type Look = components["schemas"]["ServerHistoryEntry"];
interface ModelStats {
  name: string;
  version: string;
  state: string;
  /** Why it is refused and the way out, in the server's words (English). */
  reason?: string | null;
  hint?: string | null;
  inferences?: number;
  latencyMs?: { mean: number; p95: number } | null;
}
/** What a server says of itself; each part may be missing in another version. */
interface Stats {
  device?: { kind: string; name?: string | null };
  memory?: { rssBytes?: number | null };
  models?: ModelStats[];
}

export function Servers() {
  const { monitoring } = useWords();
  const servers = useQuery(serversQuery);
  return (
    <Card title={monitoring.servers}>
      <FourStates
        query={servers}
        isEmpty={({ items }) => !items.length}
        empty={<p>{monitoring.noServers}</p>}
      >
        {({ items }) => (
          <div className="grid grid-cols-[minmax(0,1fr)] gap-6">
            {items.map((server) => (
              <OneServer key={server.name} server={server} />
            ))}
          </div>
        )}
      </FourStates>
    </Card>
  );
}

function OneServer({ server }: { server: Server }) {
  const { monitoring } = useWords();
  const format = useFormat();
  const { device, memory, models = [] } = (server.stats ?? {}) as Stats;
  const ms = (value: number | null | undefined) =>
    typeof value === "number" ? monitoring.milliseconds(format.number(value)) : "–";
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <div className="flex flex-wrap items-center gap-3">
        <h3 className="font-semibold break-all">{server.name}</h3>
        <Badge tone={server.status === "HEALTHY" ? "accent" : "danger"}>
          {monitoring.states[server.status] ?? server.status}
        </Badge>
      </div>
      <Facts
        items={[
          [monitoring.device, device?.name ?? device?.kind ?? "–"],
          [monitoring.memory, memory?.rssBytes ? format.bytes(memory.rssBytes) : "–"],
          [monitoring.answered, ms(server.responseTimeMs)],
          [monitoring.checked, format.dateTime(server.checkedAt)],
        ]}
      />
      {models.length > 0 && (
        <Table
          caption={`${monitoring.models}: ${server.name}`}
          rows={models}
          rowKey={({ name, version }) => `${name} ${version}`}
          columns={[
            { key: "name", header: monitoring.model, cell: ({ name, version }) => `${name} ${version}` },
            { key: "state", header: monitoring.state, cell: (model) => <ModelState model={model} /> },
            {
              key: "latency",
              header: monitoring.latency,
              numeric: true,
              cell: ({ latencyMs }) => `${ms(latencyMs?.mean)} / ${ms(latencyMs?.p95)}`,
            },
            {
              key: "judged",
              header: monitoring.judged,
              numeric: true,
              cell: ({ inferences }) => format.number(inferences ?? 0),
            },
          ]}
        />
      )}
      <History server={server.name} />
    </div>
  );
}

const TONES = { ready: "plain", loading: "accent", absent: "plain" } as const;

function ModelState({ model: { state, reason, hint } }: { model: ModelStats }) {
  const { monitoring } = useWords();
  const tone = TONES[state as keyof typeof TONES] ?? "danger";
  return (
    <>
      <Badge tone={tone}>{monitoring.modelStates[state] ?? state}</Badge>
      {reason && (
        <details className="mt-1 min-w-40">
          <summary className="link w-fit">{monitoring.reason}</summary>
          {[reason, hint].map(
            (line) =>
              line && (
                <span key={line} lang="en" className="mt-1 block max-w-prose break-words text-ink-soft">
                  {line}
                </span>
              ),
          )}
        </details>
      )}
    </>
  );
}

function History({ server }: { server: string }) {
  const { monitoring } = useWords();
  const history = useQuery(historyQuery(server));
  return (
    <FourStates
      query={history}
      waiting={<Skeleton className="h-40 w-full" />}
      isEmpty={({ items }) => items.length < 2}
      empty={<p className="text-sm text-ink-soft">{monitoring.noHistory}</p>}
    >
      {({ items }) => <ResponseTimes server={server} looks={items.toReversed()} />}
    </FourStates>
  );
}

/** From the oldest look on: how far back they reach depends on how many are kept. */
function ResponseTimes({ server, looks }: { server: string; looks: readonly Look[] }) {
  const { monitoring } = useWords();
  const format = useFormat();
  const times = looks.map(({ responseTimeMs }) => responseTimeMs ?? null);
  const known = times.filter((time) => time !== null);
  const mean = known.reduce((sum, time) => sum + time, 0) / Math.max(1, known.length);
  const bad = looks.filter(({ status }) => status === "UNREACHABLE").length;
  return (
    <Suspense fallback={<Skeleton className="h-40 w-full" />}>
      <Chart
        title={monitoring.responseTime(server)}
        summary={monitoring.historySummary(
          format.number(looks.length),
          format.dateTime(looks[0]?.checkedAt ?? ""),
          format.number(mean),
          format.number(bad),
        )}
        x={looks.map(({ checkedAt }) => Date.parse(checkedAt))}
        labelX={monitoring.time}
        series={[{ label: monitoring.answered, values: times }]}
        formatX={(at) => format.time(new Date(at))}
        formatY={(value) => monitoring.milliseconds(format.number(value))}
        height={160}
      />
    </Suspense>
  );
}

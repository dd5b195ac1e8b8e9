import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { useFormat } from "@/lib/format";
import { useWords } from "@/lib/words/words";
import { Card } from "@/ui/Card";
import { FourStates } from "@/ui/states";
import { queueQuery } from "./queries";

const COUNTS = ["waiting", "active", "delayed", "completed", "failed"] as const;

export function Queue() {
  const { monitoring } = useWords();
  const format = useFormat();
  const queue = useQuery(queueQuery);
  // The rate is that since this page was opened; the service counts only what it still remembers.
  const first = useRef<{ completed: number; seenAt: number } | null>(null);
  if (queue.data) first.current ??= queue.data;
  return (
    <Card title={monitoring.queue}>
      <FourStates query={queue}>
        {(now) => (
          <dl className="grid grid-cols-2 gap-4 sm:grid-cols-3 lg:grid-cols-6">
            {COUNTS.map((name) => (
              <Figure key={name} name={monitoring[name]} value={format.number(now[name])} />
            ))}
            <Figure name={monitoring.perMinute} value={rate(first.current, now, format.number)} />
          </dl>
        )}
      </FourStates>
    </Card>
  );
}

type Look = { completed: number; seenAt: number };

function rate(first: Look | null, now: Look, write: (value: number) => string): string {
  const minutes = first ? (now.seenAt - first.seenAt) / 60_000 : 0;
  return first && minutes > 0 ? write(Math.max(0, now.completed - first.completed) / minutes) : "–";
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt className="plate">{name}</dt>
      <dd className="text-2xl font-semibold">{value}</dd>
    </div>
  );
}

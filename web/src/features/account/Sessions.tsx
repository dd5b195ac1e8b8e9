import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "@/lib/api/client";
import type { components } from "@/lib/api/schema";
import { useFormat } from "@/lib/format";
import { useWords } from "@/lib/words/words";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { ConfirmDialog } from "@/ui/Dialog";
import { ErrorNotice, FourStates } from "@/ui/states";
import { Table } from "@/ui/Table";
import { toast } from "@/ui/Toast";
import { deviceOf } from "./device";

type OneSession = components["schemas"]["Session"];

export const sessionsQuery = queryOptions({
  queryKey: ["sessions"] as const,
  queryFn: ({ signal }) => answer(api.GET("/api/v1/auth/sessions", { signal })),
});

export function Sessions() {
  const { account } = useWords();
  const sessions = useQuery(sessionsQuery);
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const again = () => client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
  const endOthers = useMutation({
    mutationFn: () => answer(api.DELETE("/api/v1/auth/sessions")),
    onSuccess: () => {
      setAsking(false);
      toast(account.othersEnded);
      return again();
    },
  });
  const end = useMutation({
    mutationFn: (id: string) =>
      answer(api.DELETE("/api/v1/auth/sessions/{id}", { params: { path: { id } } })),
    onSettled: again,
  });
  return (
    <Card
      title={account.sessions}
      actions={
        (sessions.data?.items.length ?? 0) > 1 && (
          <Button onClick={() => setAsking(true)}>{account.endOthers}</Button>
        )
      }
    >
      <p className="mb-3 text-ink-soft">{account.sessionsDetail}</p>
      {end.error && <ErrorNotice error={end.error} />}
      <FourStates query={sessions}>
        {({ items }) => <SessionTable sessions={items} onEnd={(id) => end.mutate(id)} />}
      </FourStates>
      <ConfirmDialog
        open={isAsking}
        onClose={() => setAsking(false)}
        title={account.endOthersTitle}
        detail={account.endOthersDetail}
        action={account.endOthers}
        busy={endOthers.isPending}
        onConfirm={() => endOthers.mutate()}
      >
        {endOthers.error && <ErrorNotice error={endOthers.error} />}
      </ConfirmDialog>
    </Card>
  );
}

function SessionTable(props: { sessions: readonly OneSession[]; onEnd: (id: string) => void }) {
  const { account } = useWords();
  const format = useFormat();
  return (
    <Table
      caption={account.sessions}
      rows={props.sessions}
      rowKey={({ id }) => id}
      columns={[
        {
          key: "device",
          header: account.device,
          cell: ({ userAgent }) => {
            const known = deviceOf(userAgent ?? "");
            return (
              <span className="block max-w-72 min-w-24 truncate" title={userAgent ?? ""}>
                {known ? account.deviceOn(...known) : (userAgent ?? account.unknownDevice)}
              </span>
            );
          },
        },
        { key: "address", header: account.address, cell: ({ address }) => address ?? "–" },
        {
          key: "used",
          header: account.lastUsed,
          cell: ({ lastUsedAt }) => <span className="whitespace-nowrap">{format.dateTime(lastUsedAt)}</span>,
        },
        {
          key: "actions",
          header: <span className="sr-only">{account.actions}</span>,
          numeric: true,
          cell: ({ id, isCurrent }) =>
            isCurrent ? (
              <Badge tone="accent">{account.thisSession}</Badge>
            ) : (
              <Button size="small" onClick={() => props.onEnd(id)}>
                {account.endSession}
              </Button>
            ),
        },
      ]}
    />
  );
}

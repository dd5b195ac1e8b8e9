import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { answer, api } from "@/lib/api/client";
import type { components } from "@/lib/api/schema";
import { useFormat } from "@/lib/format";
import { useWords } from "@/lib/words/words";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { ConfirmDialog } from "@/ui/Dialog";
import { ErrorNotice, FourStates } from "@/ui/states";
import { Table } from "@/ui/Table";
import { toast } from "@/ui/Toast";
import { NewKeyDialog } from "./NewKeyDialog";

type ApiKey = components["schemas"]["ApiKey"];

const apiKeysQuery = queryOptions({
  queryKey: ["api-keys"] as const,
  queryFn: ({ signal }) => answer(api.GET("/api/v1/auth/api-keys", { signal })),
});

export function ApiKeys() {
  const { account } = useWords();
  const keys = useQuery(apiKeysQuery);
  const [isMaking, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  return (
    <Card
      title={account.keys}
      actions={
        <Button icon={Plus} onClick={() => setMaking(true)}>
          {account.newKey}
        </Button>
      }
    >
      <p className="mb-3 text-ink-soft">{account.keysDetail}</p>
      <FourStates query={keys} isEmpty={({ items }) => items.length === 0} empty={<p>{account.noKeys}</p>}>
        {({ items }) => <KeyTable keys={items} onRevoke={setRevoking} />}
      </FourStates>
      {isMaking && <NewKeyDialog onClose={() => setMaking(false)} />}
      {revoking && <Revoke apiKey={revoking} onClose={() => setRevoking(null)} />}
    </Card>
  );
}

function KeyTable({ keys, onRevoke }: { keys: readonly ApiKey[]; onRevoke: (key: ApiKey) => void }) {
  const { account } = useWords();
  const format = useFormat();
  const date = (iso: string | null | undefined) => (iso ? format.date(iso) : account.never);
  return (
    <Table
      caption={account.keys}
      rows={keys}
      rowKey={({ id }) => id}
      columns={[
        {
          key: "name",
          header: account.keyName,
          cell: ({ name }) => <span className="break-all">{name}</span>,
        },
        { key: "prefix", header: account.key, cell: ({ prefix }) => <code>{prefix}…</code> },
        { key: "scope", header: account.keyScope, cell: ({ scope }) => account.scopes[scope] },
        { key: "created", header: account.created, cell: ({ createdAt }) => date(createdAt) },
        { key: "used", header: account.lastUsed, cell: ({ lastUsedAt }) => date(lastUsedAt) },
        { key: "expires", header: account.expires, cell: ({ expiresAt }) => date(expiresAt) },
        {
          key: "actions",
          header: <span className="sr-only">{account.actions}</span>,
          numeric: true,
          cell: (key) => (
            <Button size="small" aria-label={account.revokeNamed(key.name)} onClick={() => onRevoke(key)}>
              {account.revoke}
            </Button>
          ),
        },
      ]}
    />
  );
}

function Revoke({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const { account } = useWords();
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () =>
      answer(api.DELETE("/api/v1/auth/api-keys/{id}", { params: { path: { id: apiKey.id } } })),
    onSuccess: () => {
      toast(account.revoked);
      onClose();
      return client.invalidateQueries({ queryKey: apiKeysQuery.queryKey });
    },
  });
  return (
    <ConfirmDialog
      open
      danger
      onClose={onClose}
      title={account.revokeTitle(apiKey.name)}
      detail={account.revokeDetail}
      action={account.revoke}
      busy={revoke.isPending}
      onConfirm={() => revoke.mutate()}
    >
      {revoke.error && <ErrorNotice error={revoke.error} />}
    </ConfirmDialog>
  );
}

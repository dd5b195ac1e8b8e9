import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { answer, api } from "@/lib/api/client";
import type { components } from "@/lib/api/schema";
import { type User, useSession } from "@/lib/api/session";
import { useWords } from "@/lib/words/words";
import { Badge } from "@/ui/Badge";
import { Card } from "@/ui/Card";
import { Field } from "@/ui/Field";
import { Input, Select } from "@/ui/Input";
import { Pagination } from "@/ui/Pagination";
import { Switch } from "@/ui/Switch";
import { ErrorNotice, FourStates } from "@/ui/states";
import { Table } from "@/ui/Table";
import { usersQuery } from "./queries";

type Change = { id: string; body: components["schemas"]["UserPatch"] };

export function Users() {
  const { monitoring } = useWords();
  const [search, setSearch] = useState("");
  const users = useInfiniteQuery(usersQuery(useDeferredValue(search.trim())));
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: ({ id, body }: Change) =>
      answer(api.PATCH("/api/v1/admin/users/{id}", { params: { path: { id } }, body })),
    onSettled: () => client.invalidateQueries({ queryKey: ["monitoring", "users"] }),
  });
  return (
    <Card title={monitoring.users}>
      <div className="mb-4 max-w-sm">
        <Field label={monitoring.search}>
          {(control) => (
            <Input
              {...control}
              type="search"
              value={search}
              onChange={(event) => setSearch(event.target.value)}
            />
          )}
        </Field>
      </div>
      {change.error && <ErrorNotice error={change.error} />}
      <FourStates query={users}>
        {({ pages }) => (
          <UserTable
            users={pages.flatMap(({ items }) => items)}
            busy={change.isPending}
            onChange={change.mutate}
          />
        )}
      </FourStates>
      {users.hasNextPage && (
        <Pagination hasMore busy={users.isFetchingNextPage} onMore={() => void users.fetchNextPage()} />
      )}
    </Card>
  );
}

interface UserTableProps {
  users: readonly User[];
  busy: boolean;
  onChange: (change: Change) => void;
}

function UserTable({ users, busy, onChange }: UserTableProps) {
  const { monitoring } = useWords();
  const session = useSession();
  const own = session.state === "in" ? session.user.id : null;
  return (
    <Table
      caption={monitoring.users}
      rows={users}
      rowKey={({ id }) => id}
      columns={[
        {
          key: "user",
          header: monitoring.user,
          cell: ({ id, email, firstName, lastName }) => (
            <div>
              <div className="font-medium">
                {`${firstName} ${lastName} `}
                {id === own && <Badge tone="accent">{monitoring.you}</Badge>}
              </div>
              <div className="text-ink-soft">{email}</div>
            </div>
          ),
        },
        {
          key: "role",
          header: monitoring.role,
          cell: ({ id, email, role }) => (
            <Select
              className="min-w-36"
              aria-label={monitoring.roleOf(email)}
              value={role}
              disabled={busy || id === own}
              onChange={(event) =>
                onChange({ id, body: { role: event.target.value === "ADMIN" ? "ADMIN" : "USER" } })
              }
            >
              <option value="USER">{monitoring.roles.USER}</option>
              <option value="ADMIN">{monitoring.roles.ADMIN}</option>
            </Select>
          ),
        },
        {
          key: "active",
          header: monitoring.isActive,
          cell: ({ id, email, isActive }) => (
            <Switch
              hideLabel
              label={monitoring.activeOf(email)}
              checked={isActive}
              disabled={busy || id === own}
              onChange={(next) => onChange({ id, body: { isActive: next } })}
            />
          ),
        },
      ]}
    />
  );
}

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "@/lib/api/client";
import { useWords } from "@/lib/words/words";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { Input, Select } from "@/ui/Input";
import { ErrorNotice } from "@/ui/states";
import { useCopy } from "@/ui/useCopy";
import { accountChecks } from "./checks";
import { useForm } from "./useForm";

const EXPIRIES = ["never", "30", "90", "365"] as const;
const DAY_MS = 86_400_000;

/** Makes a key, then shows it: this once, as the server keeps no copy. */
export function NewKeyDialog({ onClose }: { onClose: () => void }) {
  const { account } = useWords();
  const [key, setKey] = useState<string | null>(null);
  return (
    <Dialog
      open
      onClose={onClose}
      title={key === null ? account.newKey : account.keyMade}
      detail={key === null ? account.keysDetail : account.keyMadeDetail}
    >
      {key === null ? <KeyForm onMade={setKey} /> : <MadeKey value={key} onClose={onClose} />}
    </Dialog>
  );
}

function KeyForm({ onMade }: { onMade: (key: string) => void }) {
  const { account } = useWords();
  const client = useQueryClient();
  const [scope, setScope] = useState<"read" | "write">("read");
  const [expiry, setExpiry] = useState<(typeof EXPIRIES)[number]>("90");
  const make = useMutation({
    mutationFn: ({ name }: { name: string }) => {
      const expiresAt =
        expiry === "never" ? null : new Date(Date.now() + Number(expiry) * DAY_MS).toISOString();
      return answer(api.POST("/api/v1/auth/api-keys", { body: { name, scope, expiresAt } }));
    },
    // The answer holds the key in the clear; it must not stay in a cache.
    gcTime: 0,
    onSuccess: ({ key }) => {
      onMade(key);
      return client.invalidateQueries({ queryKey: ["api-keys"] });
    },
  });
  const form = useForm({ name: "" }, make, { name: accountChecks(account).needed });
  return (
    <form noValidate className="grid gap-4" onSubmit={form.submit}>
      <Field label={account.keyName} hint={account.keyNameHint} error={form.errors.name}>
        {(control) => <Input {...control} {...form.control("name")} autoComplete="off" />}
      </Field>
      <Field label={account.keyScope}>
        {(control) => (
          <Select
            {...control}
            value={scope}
            onChange={(event) => setScope(event.target.value === "write" ? "write" : "read")}
          >
            <option value="read">{account.scopes.read}</option>
            <option value="write">{account.scopes.write}</option>
          </Select>
        )}
      </Field>
      <Field label={account.keyExpiry}>
        {(control) => (
          <Select
            {...control}
            value={expiry}
            onChange={(event) => setExpiry(event.target.value as typeof expiry)}
          >
            {EXPIRIES.map((choice) => (
              <option key={choice} value={choice}>
                {account.expiries[choice]}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {form.problem && <ErrorNotice error={form.problem} />}
      <Button type="submit" look="primary" busy={make.isPending}>
        {account.createKey}
      </Button>
    </form>
  );
}

function MadeKey({ value, onClose }: { value: string; onClose: () => void }) {
  const { account, common } = useWords();
  const copy = useCopy();
  return (
    <div className="grid gap-4">
      <Field label={account.key}>
        {(control) => <Input {...control} readOnly value={value} className="font-mono" />}
      </Field>
      <div className="flex justify-end gap-2">
        <Button onClick={() => copy(value, account.copyFailed)}>{common.copy}</Button>
        <Button look="primary" onClick={onClose}>
          {common.close}
        </Button>
      </div>
    </div>
  );
}

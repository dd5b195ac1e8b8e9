import { useMutation } from "@tanstack/react-query";
import { answer, api } from "@/lib/api/client";
import { useWords } from "@/lib/words/words";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { ErrorNotice } from "@/ui/states";
import { accountChecks } from "./checks";
import { PasswordInput } from "./PasswordInput";
import { useForm } from "./useForm";

const EMPTY = { currentPassword: "", newPassword: "" };

/** Changes one's own password. The server ends all other sessions then. */
export function PasswordForm({ onChanged }: { onChanged: () => void }) {
  const { account } = useWords();
  const { needed, password } = accountChecks(account);
  const change = useMutation({
    mutationFn: (body: typeof EMPTY) => answer(api.PUT("/api/v1/auth/profile/password", { body })),
    onSuccess: () => {
      form.reset();
      onChanged();
    },
  });
  const form = useForm(EMPTY, change, { currentPassword: needed, newPassword: password });
  return (
    <form noValidate className="grid max-w-md gap-4" onSubmit={form.submit}>
      <Field label={account.currentPassword} error={form.errors.currentPassword}>
        {(control) => (
          <PasswordInput {...control} {...form.control("currentPassword")} autoComplete="current-password" />
        )}
      </Field>
      <Field label={account.newPassword} hint={account.passwordHint} error={form.errors.newPassword}>
        {(control) => (
          <PasswordInput {...control} {...form.control("newPassword")} autoComplete="new-password" />
        )}
      </Field>
      {form.problem && <ErrorNotice error={form.problem} />}
      <Button type="submit" look="primary" className="justify-self-start" busy={change.isPending}>
        {account.changePassword}
      </Button>
    </form>
  );
}

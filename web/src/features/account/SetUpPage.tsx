import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "react-router";
import { answer, openApi } from "@/lib/api/client";
import { aboutQuery } from "@/lib/api/queries";
import { signedIn } from "@/lib/api/session";
import { useWords } from "@/lib/words/words";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";
import { ErrorNotice } from "@/ui/states";
import { accountChecks } from "./checks";
import { EntryLayout } from "./EntryLayout";
import { PasswordInput } from "./PasswordInput";
import { useForm } from "./useForm";

const EMPTY = { secret: "", firstName: "", lastName: "", email: "", password: "" };

export function SetUpPage() {
  const { account } = useWords();
  const { hash } = useLocation();
  const about = useQuery(aboutQuery);
  const setUp = useMutation({
    mutationFn: (body: typeof EMPTY) => answer(openApi.POST("/api/v1/setup", { body })),
    onSuccess: signedIn,
  });
  const { needed, email, password } = accountChecks(account);
  const form = useForm({ ...EMPTY, secret: hash.slice(1) }, setUp, {
    secret: needed,
    firstName: needed,
    lastName: needed,
    email,
    password,
  });
  if (about.data?.setUpNeeded === false) {
    return (
      <EntryLayout title={account.setUp}>
        <p>{account.setUpDone}</p>
        <Link className="link" to="/sign-in">
          {account.signIn}
        </Link>
      </EntryLayout>
    );
  }
  return (
    <EntryLayout title={account.setUp}>
      <p className="text-ink-soft">{account.setUpDetail}</p>
      <form noValidate className="grid gap-4" onSubmit={form.submit}>
        <Field label={account.setUpSecret} hint={account.setUpSecretHint} error={form.errors.secret}>
          {(control) => <Input {...control} {...form.control("secret")} autoComplete="off" />}
        </Field>
        <Field label={account.firstName} error={form.errors.firstName}>
          {(control) => <Input {...control} {...form.control("firstName")} autoComplete="given-name" />}
        </Field>
        <Field label={account.lastName} error={form.errors.lastName}>
          {(control) => <Input {...control} {...form.control("lastName")} autoComplete="family-name" />}
        </Field>
        <Field label={account.email} error={form.errors.email}>
          {(control) => (
            <Input {...control} {...form.control("email")} type="email" autoComplete="username" />
          )}
        </Field>
        <Field label={account.password} hint={account.passwordHint} error={form.errors.password}>
          {(control) => (
            <PasswordInput {...control} {...form.control("password")} autoComplete="new-password" />
          )}
        </Field>
        {form.problem && <ErrorNotice error={form.problem} />}
        <Button type="submit" look="primary" busy={setUp.isPending}>
          {account.setUp}
        </Button>
      </form>
    </EntryLayout>
  );
}

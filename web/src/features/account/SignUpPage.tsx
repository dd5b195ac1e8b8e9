import { useMutation } from "@tanstack/react-query";
import { Link, useLocation } from "react-router";
import { answer, openApi } from "@/lib/api/client";
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

const EMPTY = { firstName: "", lastName: "", email: "", password: "" };

export function SignUpPage() {
  const { account } = useWords();
  const { search } = useLocation();
  const signUp = useMutation({
    mutationFn: (body: typeof EMPTY) => answer(openApi.POST("/api/v1/auth/signup", { body })),
    onSuccess: signedIn,
  });
  const { needed, email, password } = accountChecks(account);
  const form = useForm(EMPTY, signUp, { firstName: needed, lastName: needed, email, password });
  return (
    <EntryLayout title={account.signUp}>
      <form noValidate className="grid gap-4" onSubmit={form.submit}>
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
        <Button type="submit" look="primary" busy={signUp.isPending}>
          {account.signUp}
        </Button>
      </form>
      <p>
        {account.haveAccount}{" "}
        <Link className="link" to={{ pathname: "/sign-in", search }}>
          {account.signIn}
        </Link>
      </p>
    </EntryLayout>
  );
}

import { useMutation } from "@tanstack/react-query";
import { Link, useLocation } from "react-router";
import { answer, openApi } from "@/lib/api/client";
import { signedIn, useSession } from "@/lib/api/session";
import { useWords } from "@/lib/words/words";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";
import { ErrorNotice } from "@/ui/states";
import { EntryLayout } from "./EntryLayout";
import { PasswordInput } from "./PasswordInput";
import { useForm } from "./useForm";

export function SignInPage() {
  const { account } = useWords();
  const { search } = useLocation();
  const session = useSession();
  const signIn = useMutation({
    mutationFn: (body: { email: string; password: string }) =>
      answer(openApi.POST("/api/v1/auth/login", { body })),
    onSuccess: signedIn,
  });
  const form = useForm({ email: "", password: "" }, signIn, {
    email: (email) => (email.trim() === "" ? account.required : null),
    password: (password) => (password === "" ? account.required : null),
  });
  return (
    <EntryLayout title={account.signIn}>
      {session.state === "out" && session.ended && <p role="status">{account.sessionEnded}</p>}
      <form noValidate className="grid gap-4" onSubmit={form.submit}>
        <Field label={account.email} error={form.errors.email}>
          {(control) => (
            <Input {...control} {...form.control("email")} type="email" autoComplete="username" />
          )}
        </Field>
        <Field label={account.password} error={form.errors.password}>
          {(control) => (
            <PasswordInput {...control} {...form.control("password")} autoComplete="current-password" />
          )}
        </Field>
        {form.problem && <ErrorNotice error={form.problem} />}
        <Button type="submit" look="primary" busy={signIn.isPending}>
          {account.signIn}
        </Button>
      </form>
      <p>
        {account.noAccount}{" "}
        <Link className="link" to={{ pathname: "/sign-up", search }}>
          {account.signUp}
        </Link>
      </p>
    </EntryLayout>
  );
}

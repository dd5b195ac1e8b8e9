import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "@/lib/api/client";
import { type User, userChanged, useSession } from "@/lib/api/session";
import { setTheme, THEMES, type Theme, useTheme } from "@/lib/theme";
import { LANGUAGES, type Language, setLanguage, useLanguage, useWords } from "@/lib/words/words";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Field } from "@/ui/Field";
import { Input, Select } from "@/ui/Input";
import { PageHeader } from "@/ui/PageHeader";
import { ErrorNotice } from "@/ui/states";
import { toast } from "@/ui/Toast";
import { ApiKeys } from "./ApiKeys";
import { accountChecks } from "./checks";
import { PasswordForm } from "./PasswordForm";
import { Sessions, sessionsQuery } from "./Sessions";
import { useForm } from "./useForm";

export function AccountPage() {
  const { account, common } = useWords();
  const session = useSession();
  const client = useQueryClient();
  if (session.state !== "in") return null;
  const changed = () => {
    toast(account.passwordChanged);
    void client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
  };
  return (
    <>
      <PageHeader title={common.nav.account} detail={session.user.email} />
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 xl:grid-cols-2">
        <Card title={account.names}>
          <Names user={session.user} />
        </Card>
        <Card title={account.appearance}>
          <Appearance />
        </Card>
        <Card title={account.changePassword} className="xl:col-span-2">
          <PasswordForm onChanged={changed} />
        </Card>
        <div className="grid grid-cols-[minmax(0,1fr)] gap-5 xl:col-span-2">
          <ApiKeys />
          <Sessions />
        </div>
      </div>
    </>
  );
}

function Names({ user }: { user: User }) {
  const { account, common } = useWords();
  const { needed } = accountChecks(account);
  const save = useMutation({
    mutationFn: (body: { firstName: string; lastName: string }) =>
      answer(api.PATCH("/api/v1/auth/profile", { body })),
    onSuccess: (next) => {
      userChanged(next);
      toast(account.saved);
    },
  });
  const form = useForm({ firstName: user.firstName, lastName: user.lastName }, save, {
    firstName: needed,
    lastName: needed,
  });
  return (
    <form noValidate className="grid max-w-md gap-4" onSubmit={form.submit}>
      <Field label={account.firstName} error={form.errors.firstName}>
        {(control) => <Input {...control} {...form.control("firstName")} autoComplete="given-name" />}
      </Field>
      <Field label={account.lastName} error={form.errors.lastName}>
        {(control) => <Input {...control} {...form.control("lastName")} autoComplete="family-name" />}
      </Field>
      {form.problem && <ErrorNotice error={form.problem} />}
      <Button type="submit" className="justify-self-start" busy={save.isPending}>
        {common.save}
      </Button>
    </form>
  );
}

function Appearance() {
  const { theme, language } = useWords().common;
  const words = useWords().common;
  const chosenTheme = useTheme();
  const chosenLanguage = useLanguage();
  return (
    <div className="grid max-w-md gap-4">
      <Field label={theme.label}>
        {(control) => (
          <Select
            {...control}
            value={chosenTheme}
            onChange={(event) => setTheme(event.target.value as Theme)}
          >
            {THEMES.map((name) => (
              <option key={name} value={name}>
                {words.theme[name]}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={language.label}>
        {(control) => (
          <Select
            {...control}
            value={chosenLanguage}
            onChange={(event) => void setLanguage(event.target.value as Language).catch(() => undefined)}
          >
            {Object.entries(LANGUAGES).map(([code, name]) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </Select>
        )}
      </Field>
    </div>
  );
}

import { currentSession, signOut, userChanged } from "@/lib/api/session";
import { useWords } from "@/lib/words/words";
import { Button } from "@/ui/Button";
import { EntryLayout } from "./EntryLayout";
import { PasswordForm } from "./PasswordForm";

/** For who signed in with a password that somebody else knows; the guard leads on when it is changed. */
export function ChoosePasswordPage() {
  const { account, common } = useWords();
  const changed = () => {
    const session = currentSession();
    if (session.state === "in") userChanged({ ...session.user, mustChangePassword: false });
  };
  return (
    <EntryLayout title={account.choosePassword}>
      <p className="text-ink-soft">{account.choosePasswordDetail}</p>
      <PasswordForm onChanged={changed} />
      <Button look="quiet" onClick={() => void signOut()}>
        {common.nav.signOut}
      </Button>
    </EntryLayout>
  );
}

/** Who may see a route. The server decides; these only save people from pages that cannot work for them. */
import { useQuery } from "@tanstack/react-query";
import { Navigate, Outlet, useLocation, useSearchParams } from "react-router";
import { refresh, type Session, useSession } from "@/lib/api/session";
import { ErrorState, Waiting } from "@/ui/states";
import { NotFound } from "./NotFound";

const CHOOSE_PASSWORD = "/choose-password";

export function ForSignedIn() {
  const { session, outcome } = useAskedSession();
  const { pathname, search, hash } = useLocation();
  if (session.state === "in") {
    // Until then the server refuses everything else.
    const isThere = pathname === CHOOSE_PASSWORD;
    if (session.user.mustChangePassword === isThere) return <Outlet />;
    return <Navigate to={isThere ? "/" : CHOOSE_PASSWORD} replace />;
  }
  if (session.state === "unknown") return outcome;
  const here = pathname + search + hash;
  const next = here === "/" ? "" : `?next=${encodeURIComponent(here)}`;
  return <Navigate to={`/sign-in${next}`} replace />;
}

export function ForSignedOut() {
  const { session, outcome } = useAskedSession();
  const [params] = useSearchParams();
  if (session.state === "unknown") return outcome;
  if (session.state === "in") return <Navigate to={ownPath(params.get("next"))} replace />;
  return <Outlet />;
}

export function ForAdmins() {
  const session = useSession();
  const isAdmin = session.state === "in" && session.user.role === "ADMIN";
  return isAdmin ? <Outlet /> : <NotFound />;
}

/** The session, asking the server whether there is one when nobody knows yet. */
function useAskedSession(): { session: Session; outcome: React.ReactNode } {
  const session = useSession();
  const question = useQuery({
    queryKey: ["session"],
    queryFn: () => refresh(),
    enabled: session.state === "unknown",
    gcTime: 0,
  });
  const outcome = (
    <main className="mx-auto max-w-lg p-6 pt-[20dvh]">
      {question.error ? (
        <ErrorState error={question.error} onRetry={() => void question.refetch()} />
      ) : (
        <Waiting />
      )}
    </main>
  );
  return { session, outcome };
}

/** A path of this app; an address of another site is none. */
function ownPath(next: string | null): string {
  if (!next?.startsWith("/")) return "/";
  const url = new URL(next, location.origin);
  return url.origin === location.origin ? url.pathname + url.search + url.hash : "/";
}

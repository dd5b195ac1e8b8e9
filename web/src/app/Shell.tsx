import { Activity, CircleHelp, Gauge, LibraryBig, type LucideIcon } from "lucide-react";
import { useEffect, useRef } from "react";
import { Link, NavLink, Outlet, useLocation } from "react-router";
import { useSession } from "@/lib/api/session";
import { cx } from "@/lib/cx";
import { useWords, type Words } from "@/lib/words/words";
import { Brand } from "@/ui/Brand";
import { ConnectionBanner, ConnectionMark } from "./Connection";
import { UserMenu } from "./UserMenu";

interface Place {
  to: string;
  icon: LucideIcon;
  name: Exclude<keyof Words["common"]["nav"], "main">;
  forAdmins?: boolean;
}

const PLACES: readonly Place[] = [
  { to: "/", icon: LibraryBig, name: "library" },
  { to: "/live", icon: Activity, name: "live" },
  { to: "/monitoring", icon: Gauge, name: "monitoring", forAdmins: true },
  { to: "/help", icon: CircleHelp, name: "help" },
];

/** What stands around every page of somebody who is signed in: at the side, or above and below on small screens. */
export function Shell() {
  const words = useWords();
  const main = useMainAfterMove();
  return (
    <div className="lg:grid lg:min-h-dvh lg:grid-cols-[14rem_minmax(0,1fr)]">
      <a
        href="#main"
        className="fixed top-2 left-2 z-50 -translate-y-16 rounded-md bg-accent px-4 py-2 font-medium text-on-accent focus:translate-y-0"
      >
        {words.common.skipToContent}
      </a>
      <header className="sticky top-0 z-30 flex h-14 items-center justify-between gap-3 border-b border-line bg-surface px-4 lg:h-dvh lg:flex-col lg:items-stretch lg:border-r lg:border-b-0 lg:p-4">
        <Link to="/" className="rounded-md lg:mb-4 lg:px-2 lg:py-1">
          <Brand />
        </Link>
        <Places />
        <div className="flex items-center gap-2 lg:mt-auto lg:flex-col lg:items-stretch">
          <ConnectionMark />
          <UserMenu />
        </div>
      </header>
      <div className="min-w-0 pb-24 lg:pb-8">
        <ConnectionBanner />
        <main id="main" ref={main} tabIndex={-1} className="max-w-7xl px-4 py-6 sm:px-6 lg:px-8">
          <Outlet />
        </main>
      </div>
    </div>
  );
}

function Places() {
  const words = useWords();
  const session = useSession();
  const isAdmin = session.state === "in" && session.user.role === "ADMIN";
  const places = PLACES.filter((place) => isAdmin || !place.forAdmins);
  return (
    <nav
      aria-label={words.common.nav.main}
      className="fixed inset-x-0 bottom-0 z-30 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] lg:static lg:border-0 lg:p-0"
    >
      <ul className="flex lg:flex-col lg:gap-1">
        {places.map(({ to, icon: Icon, name }) => (
          <li key={to} className="flex-1">
            <NavLink
              to={to}
              end={to === "/"}
              className={({ isActive }) =>
                cx(
                  "flex min-h-14 flex-col items-center justify-center gap-0.5 text-xs font-medium",
                  "lg:min-h-10 lg:flex-row lg:justify-start lg:gap-3 lg:rounded-md lg:px-2.5 lg:text-[0.9375rem]",
                  isActive
                    ? "text-accent lg:bg-accent-soft lg:text-accent-strong"
                    : "text-ink-soft hover:text-ink",
                )
              }
            >
              <Icon aria-hidden className="size-5 shrink-0" strokeWidth={1.75} />
              {words.common.nav[name]}
            </NavLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** After a move to another page, reading goes on at its beginning. */
function useMainAfterMove() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const last = useRef(pathname);
  useEffect(() => {
    if (last.current === pathname) return;
    last.current = pathname;
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [pathname]);
  return main;
}

import { createBrowserRouter } from "react-router";
import { Waiting } from "@/ui/states";
import { Crash } from "./Crash";
import { ForAdmins, ForSignedIn, ForSignedOut } from "./guards";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";

/** One module a page, loaded when it is first visited. */
export function createRouter() {
  return createBrowserRouter([
    {
      ErrorBoundary: Crash,
      HydrateFallback: Waiting,
      children: [
        {
          Component: ForSignedOut,
          children: [
            { path: "/sign-in", lazy: () => import("@/routes/sign-in") },
            { path: "/sign-up", lazy: () => import("@/routes/sign-up") },
            { path: "/setup", lazy: () => import("@/routes/setup") },
          ],
        },
        {
          Component: ForSignedIn,
          children: [
            { path: "/choose-password", lazy: () => import("@/routes/choose-password") },
            {
              Component: Shell,
              children: [
                {
                  ErrorBoundary: Crash,
                  children: [
                    { index: true, lazy: () => import("@/routes/library") },
                    { path: "/media/:id", lazy: () => import("@/routes/media") },
                    { path: "/media/:id/compare", lazy: () => import("@/routes/compare") },
                    { path: "/live", lazy: () => import("@/routes/live") },
                    { path: "/account/*", lazy: () => import("@/routes/account") },
                    { path: "/help/*", lazy: () => import("@/routes/help") },
                    {
                      Component: ForAdmins,
                      children: [{ path: "/monitoring/*", lazy: () => import("@/routes/monitoring") }],
                    },
                    { path: "*", Component: NotFound },
                  ],
                },
              ],
            },
          ],
        },
      ],
    },
  ]);
}

import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { RouterProvider } from "react-router";
import { createQueryClient } from "@/lib/api/queries";
import { currentSession, onSessionChange } from "@/lib/api/session";
import { startLive } from "@/lib/live/live";
import { Toasts } from "@/ui/Toast";
import { createRouter } from "./router";

export function App() {
  const [client] = useState(createQueryClient);
  const [router] = useState(createRouter);
  useEffect(() => forgetOthers(client), [client]);
  useEffect(() => startLive(client), [client]);
  return (
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
      <Toasts />
    </QueryClientProvider>
  );
}

/** Nothing that one person fetched is left for the next. */
function forgetOthers(client: QueryClient): () => void {
  const owner = () => {
    const session = currentSession();
    return session.state === "in" ? session.user.id : null;
  };
  let last = owner();
  return onSessionChange(() => {
    const next = owner();
    if (next === last) return;
    if (last !== null) client.clear();
    last = next;
  });
}

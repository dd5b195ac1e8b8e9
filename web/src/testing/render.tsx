import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { MemoryRouter } from "react-router";
import { createQueryClient } from "@/lib/api/queries";

/** Shows a view within what it needs around it; what was not answered is not asked again. */
export function show(view: ReactNode, path = "/") {
  const client = createQueryClient();
  client.setDefaultOptions({ queries: { ...client.getDefaultOptions().queries, retry: false } });
  const user = userEvent.setup();
  const shown = render(
    <QueryClientProvider client={client}>
      <MemoryRouter initialEntries={[path]}>{view}</MemoryRouter>
    </QueryClientProvider>,
  );
  return { ...shown, client, user };
}

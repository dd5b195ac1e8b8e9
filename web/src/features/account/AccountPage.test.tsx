import { screen, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { signedIn } from "@/lib/api/session";
import { answerRequests } from "@/testing/answers";
import { ada, tokenOf } from "@/testing/people";
import { show } from "@/testing/render";
import { AccountPage } from "./AccountPage";

const KEY = {
  id: "0190a000-0000-7000-8000-000000000002",
  name: "nightly",
  prefix: "dk_abc",
  scope: "read",
  createdAt: "2026-01-01T00:00:00Z",
};
const LISTS = {
  "GET /api/v1/auth/api-keys": () => ({ status: 200, body: { items: [KEY] } }),
  "GET /api/v1/auth/sessions": () => ({ status: 200, body: { items: [] } }),
};

beforeEach(() => signedIn(tokenOf(ada)));

test("a key is shown once, when it is made", async () => {
  answerRequests({
    ...LISTS,
    "POST /api/v1/auth/api-keys": () => ({ status: 201, body: { apiKey: KEY, key: "dk_abc_secret" } }),
  });
  const { user } = show(<AccountPage />);
  await user.click(screen.getByRole("button", { name: "New key" }));
  const dialog = within(screen.getByRole("dialog"));
  await user.type(dialog.getByLabelText("Name"), "nightly{Enter}");
  expect(await screen.findByDisplayValue("dk_abc_secret")).toBeVisible();
  await user.click(screen.getAllByRole("button", { name: "Close" }).at(-1) as HTMLElement);
  expect(screen.queryByDisplayValue("dk_abc_secret")).toBeNull();
});

test("revoking a key asks first", async () => {
  const requests = answerRequests({
    ...LISTS,
    [`DELETE /api/v1/auth/api-keys/${KEY.id}`]: () => ({ status: 204 }),
  });
  const deleted = () => requests.filter(({ method }) => method === "DELETE").length;
  const { user } = show(<AccountPage />);
  await user.click(await screen.findByRole("button", { name: "Revoke nightly" }));
  expect(screen.getByRole("alertdialog")).toHaveTextContent("Revoke the key nightly?");
  expect(deleted()).toBe(0);
  await user.click(screen.getByRole("button", { name: "Revoke" }));
  await expect.poll(deleted).toBe(1);
});

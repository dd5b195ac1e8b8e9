import { screen, within } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { signedIn } from "@/lib/api/session";
import { answerRequests, problem } from "@/testing/answers";
import { ada, tokenOf } from "@/testing/people";
import { show } from "@/testing/render";
import { MonitoringPage } from "./MonitoringPage";

const JOB = {
  id: "job-1",
  name: "run-single-analysis",
  mediaId: "m-1",
  runId: "r-1",
  modelName: "voice",
  code: "server_unavailable",
  reason: "no server has this model",
  attempts: 3,
};
const SERVER = {
  ...{ name: "gpu-1:8000", status: "DEGRADED", checkedAt: "2026-01-01T00:00:00Z" },
  stats: {
    models: [
      { name: "voice", version: "1", state: "ready" },
      {
        name: "face",
        version: "2",
        state: "refused",
        reason: "the checksum is wrong",
        hint: "pull it again",
      },
      { name: "lips", version: "3", state: "absent", reason: "no weights", hint: "pull them" },
    ],
  },
};
const bob = { ...ada, id: "0190a000-0000-7000-8000-000000000009", email: "bob@example.org" };
const list = (...items: object[]) => ({ status: 200, body: { items } });
const ANSWERS = {
  "GET /api/v1/monitoring/failed-jobs": () => list(JOB),
  "GET /api/v1/monitoring/server-status": () => list(),
  "GET /api/v1/admin/users": () => list(ada, bob),
};

vi.mock("uplot", () => import("@/testing/uplot"));

beforeEach(() => {
  vi.stubGlobal("matchMedia", () => ({ addEventListener() {}, removeEventListener() {} }));
  signedIn(tokenOf({ ...ada, role: "ADMIN" }));
});

test("a failed job says why, and can be tried again", async () => {
  const requests = answerRequests({
    ...ANSWERS,
    "POST /api/v1/monitoring/failed-jobs/job-1/retry": () => ({ status: 204 }),
  });
  const { user } = show(<MonitoringPage />);
  const row = await screen.findByRole("row", { name: /no server has this model/ });
  expect(row).toHaveTextContent("No server that has the model could be reached. Run it again later.");
  const button = [...row.querySelectorAll("button")].at(-1);
  await user.click(button as HTMLElement);
  await expect.poll(() => requests.filter(({ method }) => method === "POST")).toHaveLength(1);
});

test("a model that cannot be used says so in one's own words, and why in those of its server", async () => {
  answerRequests({ ...ANSWERS, "GET /api/v1/monitoring/server-status": () => list(SERVER) });
  const { user } = show(<MonitoringPage />);
  expect(await screen.findByRole("row", { name: /voice 1 Ready/ })).toBeVisible();
  expect(screen.getByRole("row", { name: /lips 3 Not fetched/ })).toBeVisible();
  const refused = screen.getByRole("row", { name: /face 2 Not usable/ });
  await user.click(within(refused).getByText("Reason"));
  expect(screen.getByText("the checksum is wrong")).toBeVisible();
  expect(screen.getByText("pull it again")).toHaveAttribute("lang", "en");
});

test("the history of a server is asked for by itself, and tells since when it was looked at", async () => {
  const look = (minute: number, responseTimeMs: number | null) => ({
    name: "gpu-1",
    status: responseTimeMs === null ? "UNREACHABLE" : "HEALTHY",
    checkedAt: `2026-01-01T08:0${minute}:00Z`,
    responseTimeMs,
  });
  const requests = answerRequests({
    ...ANSWERS,
    "GET /api/v1/monitoring/server-status": () => list(look(2, 30)),
    "GET /api/v1/monitoring/server-history": () => list(look(2, 30), look(1, null), look(0, 10)),
  });
  show(<MonitoringPage />);
  const since = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
  // The words are compared with all kinds of spaces made one.
  const first = since.format(new Date("2026-01-01T08:00:00Z")).replace(/\s/g, " ");
  const said = `3 looks since ${first}, 20 ms on average, 1 without an answer.`;
  expect(await screen.findByText(said)).toBeVisible();
  const asked = requests.find(({ url }) => url.includes("server-history"));
  expect(new URL(asked?.url ?? "").searchParams.get("server")).toBe("gpu-1");
});

test("a history that cannot be read says so", async () => {
  answerRequests({
    ...ANSWERS,
    "GET /api/v1/monitoring/server-status": () =>
      list({ name: "gpu-1", status: "HEALTHY", checkedAt: "2026-01-01T08:00:00Z" }),
    "GET /api/v1/monitoring/server-history": () => problem(500, "internal"),
  });
  show(<MonitoringPage />);
  const card = await screen.findByRole("heading", { name: "gpu-1" });
  const part = within(card.parentElement?.parentElement as HTMLElement);
  expect(await part.findByRole("button", { name: "Try again" })).toBeVisible();
});

test("nobody changes their own role or access", async () => {
  answerRequests(ANSWERS);
  show(<MonitoringPage />);
  expect(await screen.findByRole("combobox", { name: `Role of ${ada.email}` })).toBeDisabled();
  expect(screen.getByRole("switch", { name: `${ada.email} may sign in` })).toBeDisabled();
  expect(screen.getByRole("combobox", { name: `Role of ${bob.email}` })).toBeEnabled();
});

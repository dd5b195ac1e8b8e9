import { beforeEach, expect, test } from "vitest";
import { answerRequests, problem } from "@/testing/answers";
import { ada, tokenOf } from "@/testing/people";
import { authorizedFetch } from "./client";
import { ApiProblem } from "./problem";
import { accessToken, currentSession, refresh, signedIn, signOut } from "./session";

beforeEach(async () => {
  answerRequests({});
  await signOut();
});

test("a refused token is exchanged once for many requests, and each is sent again", async () => {
  let exchanges = 0;
  const requests = answerRequests({
    "GET /api/v1/models": (request) =>
      request.headers.get("authorization") === "Bearer token-2"
        ? { status: 200, body: { items: [] } }
        : problem(401, "unauthorized"),
    "POST /api/v1/auth/refresh": () => {
      exchanges += 1;
      return { status: 200, body: tokenOf(ada, "token-2") };
    },
  });
  signedIn(tokenOf(ada, "token-1"));
  const responses = await Promise.all([1, 2, 3].map(() => authorizedFetch("/api/v1/models")));
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(exchanges).toBe(1);
  expect(accessToken()).toBe("token-2");
  expect(requests.length).toBeLessThanOrEqual(7);
});

test("a body is sent again with the new token", async () => {
  const bodies: string[] = [];
  answerRequests({
    "POST /api/v1/auth/api-keys": async (request) => {
      bodies.push(await request.text());
      return bodies.length === 1 ? problem(401, "unauthorized") : { status: 201, body: {} };
    },
    "POST /api/v1/auth/refresh": () => ({ status: 200, body: tokenOf(ada, "token-2") }),
  });
  signedIn(tokenOf(ada, "token-1"));
  const response = await authorizedFetch("/api/v1/auth/api-keys", { method: "POST", body: '{"name":"x"}' });
  expect(response.status).toBe(201);
  expect(bodies).toEqual(['{"name":"x"}', '{"name":"x"}']);
});

test("a session that has ended signs out and says so", async () => {
  answerRequests({ "POST /api/v1/auth/refresh": () => problem(401, "session_ended") });
  signedIn(tokenOf(ada));
  expect(await refresh("token-1")).toBeNull();
  expect(currentSession()).toEqual({ state: "out", ended: true });
});

test("a server that does not answer signs nobody out", async () => {
  answerRequests({ "POST /api/v1/auth/refresh": () => problem(503, "unavailable") });
  signedIn(tokenOf(ada));
  await expect(refresh("token-1")).rejects.toMatchObject({ code: "unavailable", mayPass: true });
  expect(accessToken()).toBe("token-1");
});

test("a request that reaches nobody is a problem that may pass", async () => {
  answerRequests({
    "GET /api/v1/models": () => {
      throw new TypeError("network");
    },
  });
  signedIn(tokenOf(ada));
  const error = await authorizedFetch("/api/v1/models").catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ApiProblem);
  expect(error).toMatchObject({ code: "unreachable", status: 0, mayPass: true });
});

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answer, api } from "@/lib/api/client";

const EVERY_MS = 5_000;

export const serversQuery = queryOptions({
  queryKey: ["monitoring", "servers"] as const,
  queryFn: ({ signal }) => answer(api.GET("/api/v1/monitoring/server-status", { signal })),
  refetchInterval: EVERY_MS,
});

/** The newest looks at one server, at most as many as are told at once: how far back they reach is told by the oldest of them. */
export const historyQuery = (server: string) =>
  queryOptions({
    queryKey: ["monitoring", "history", server] as const,
    queryFn: ({ signal }) => {
      const query = { server, limit: 1000 };
      return answer(api.GET("/api/v1/monitoring/server-history", { params: { query }, signal }));
    },
    refetchInterval: 30_000,
  });

export const queueQuery = queryOptions({
  queryKey: ["monitoring", "queue"] as const,
  queryFn: async ({ signal }) => ({
    ...(await answer(api.GET("/api/v1/monitoring/queue-status", { signal }))),
    seenAt: Date.now(),
  }),
  refetchInterval: EVERY_MS,
});

export const failedJobsQuery = infiniteQueryOptions({
  queryKey: ["monitoring", "failed-jobs"] as const,
  queryFn: ({ pageParam, signal }) => {
    const query = pageParam === null ? {} : { cursor: pageParam };
    return answer(api.GET("/api/v1/monitoring/failed-jobs", { params: { query }, signal }));
  },
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.nextCursor ?? null,
});

export const usersQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: ["monitoring", "users", q] as const,
    queryFn: ({ pageParam, signal }) => {
      const query = { ...(q === "" ? {} : { q }), ...(pageParam === null ? {} : { cursor: pageParam }) };
      return answer(api.GET("/api/v1/admin/users", { params: { query }, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor ?? null,
  });

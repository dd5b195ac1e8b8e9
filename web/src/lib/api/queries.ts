/**
 * Queries as values, used by routes and views alike. `meta.live` marks what changes by itself: it is asked for anew
 * while live events cannot be heard.
 */
import { infiniteQueryOptions, QueryClient, queryOptions } from "@tanstack/react-query";
import { answer, api, openApi } from "./client";
import { ApiProblem } from "./problem";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
export type Media = Schemas["Media"];
export type MediaDetail = Schemas["MediaDetail"];
export type MediaList = Schemas["MediaList"];
export type Run = Schemas["Run"];
export type Analysis = Schemas["Analysis"];
export type Model = Schemas["Model"];
export type RunStatus = Run["status"];
export type Prediction = Schemas["Verdict"]["prediction"];
/** What the list can be narrowed by; parts are the query's own affair. */
export type MediaFilter = Omit<
  NonNullable<paths["/api/v1/media"]["get"]["parameters"]["query"]>,
  "cursor" | "limit"
>;

const live = { live: true } as const;
/** Rows of one part of a list. */
const ROWS = 50;

export const keys = {
  media: ["media"] as const,
  mediaLists: ["media", "list"] as const,
  mediaDetail: (id: string) => ["media", "detail", id] as const,
  analysis: (id: string) => ["analysis", id] as const,
  models: ["models"] as const,
  about: ["about"] as const,
};

/** One part of a list; the first one without a cursor. */
export function readList(
  filter: MediaFilter,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<MediaList> {
  const query = { ...filter, limit: ROWS, ...(cursor === null ? {} : { cursor }) };
  return answer(api.GET("/api/v1/media", { params: { query }, ...(signal && { signal }) }));
}

export const mediaListQuery = (filter: MediaFilter = {}) =>
  infiniteQueryOptions({
    queryKey: [...keys.mediaLists, filter] as const,
    queryFn: ({ pageParam, signal }) => readList(filter, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor ?? null,
    meta: live,
  });

const WAITING_MS = 5_000;

export const mediaQuery = (id: string) =>
  queryOptions({
    queryKey: keys.mediaDetail(id),
    queryFn: ({ signal }) => answer(api.GET("/api/v1/media/{id}", { params: { path: { id } }, signal })),
    // No event tells why a run has not been planned yet.
    refetchInterval: ({ state }) =>
      state.data?.runs[0]?.status === "QUEUED" && !state.data.runs[0].analyses.length ? WAITING_MS : false,
    meta: live,
  });

/** What one model said, with all its evidence. It never changes once the analysis has ended. */
export const analysisQuery = (id: string) =>
  queryOptions({
    queryKey: keys.analysis(id),
    queryFn: ({ signal }) => answer(api.GET("/api/v1/analyses/{id}", { params: { path: { id } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Version, limits and whether anyone may sign up; it needs nobody signed in. */
export const aboutQuery = queryOptions({
  queryKey: keys.about,
  queryFn: ({ signal }) => answer(openApi.GET("/api/v1/about", { signal })),
  staleTime: 60_000,
});

export const modelsQuery = queryOptions({
  queryKey: keys.models,
  queryFn: ({ signal }) => answer(api.GET("/api/v1/models", { signal })),
  staleTime: 60_000,
});

/** Asks again only where that can help. */
function retry(count: number, error: Error): boolean {
  return count < 2 && ApiProblem.from(error).mayPass;
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      // Live events say what changed; windows that come back need not ask for everything.
      queries: { retry, staleTime: 10_000, refetchOnWindowFocus: false, networkMode: "always" },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}

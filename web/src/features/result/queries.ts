import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "@/lib/api/client";
import type { components } from "@/lib/api/schema";

type Schemas = components["schemas"];
export type ResultPayload = Schemas["ResultPayload"];
export type Face = Schemas["FaceMessage"];
export type Heatmap = Schemas["HeatmapMessage"];
export type Trace = Schemas["TraceMessage"];
export type Note = Schemas["NoteMessage"];
export type Credentials = Schemas["CredentialsMessage"];
export type Manifest = Schemas["ManifestMessage"];

const EARLY_MS = 60_000;
const LEAST_MS = 5_000;
const LONGEST_MS = 2_000_000_000;

/** An address for players, which send no header. It is asked for again shortly before it expires. */
export const linkQuery = (id: string) =>
  queryOptions({
    queryKey: ["result", "link", id] as const,
    queryFn: ({ signal }) => answer(api.GET("/api/v1/media/{id}/link", { params: { path: { id } }, signal })),
    staleTime: EARLY_MS,
    refetchInterval: ({ state }) => {
      if (!state.data) return false;
      const left = new Date(state.data.expiresAt).getTime() - Date.now() - EARLY_MS;
      return Math.min(LONGEST_MS, Math.max(LEAST_MS, left));
    },
  });

/** Live events as they come over Socket.IO; see docs/service.md. */
import type { Media, Prediction, RunStatus } from "../api/queries";
import type { components } from "../api/schema";

export type ProgressEvent = components["schemas"]["EventMessage"];
/** `upload_complete`: the medium with its run and the number of the event. */
export type UploadEvent = Media & { runId: string; eventId?: number | null };

export type LiveEvent =
  | { kind: "upload"; number: number | null; event: UploadEvent }
  | { kind: "started" | "progress" | "completed" | "failed"; number: number | null; event: ProgressEvent }
  | { kind: "ended"; number: number | null; event: ProgressEvent };

const KINDS = {
  ANALYSIS_STARTED: "started",
  ANALYSIS_PROGRESS: "progress",
  ANALYSIS_COMPLETED: "completed",
  ANALYSIS_FAILED: "failed",
  video_update: "ended",
} as const;

export function ofUpload(event: UploadEvent): LiveEvent {
  return { kind: "upload", number: event.eventId ?? null, event };
}

/** Null for a kind that this version does not know. */
export function ofMessage(event: ProgressEvent): LiveEvent | null {
  const kind = KINDS[event.type as keyof typeof KINDS];
  return kind === undefined ? null : { kind, number: event.id ?? null, event };
}

/** How far one model is, with its pace. */
export interface ModelProgress {
  phase: string | null;
  done: number;
  /** Null while nobody knows. */
  total: number | null;
  /** Units a second, from the last two marks; null before that. */
  rate: number | null;
  /** When it was heard, in milliseconds of `performance.now()`. */
  heardAt: number;
}

/** What is under way, by run and model. */
export type Running = Readonly<
  Record<string, { readonly mediaId: string; readonly models: Readonly<Record<string, ModelProgress>> }>
>;

export const asStatus = (text: string | null | undefined) => (text ?? null) as RunStatus | null;
export const asPrediction = (text: string | null | undefined) => (text ?? null) as Prediction | null;

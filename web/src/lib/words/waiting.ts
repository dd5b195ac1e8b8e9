/** Why a run has not begun, in the language that was chosen. */
import type { Run } from "../api/queries";
import type { Words } from "./words";

/** In the server's words (English) where these know no others, because it is a newer one. */
export function waitingText({ waits }: Words["common"], run: Run): string {
  switch (run.waitingCode) {
    case "no_server":
      return waits.no_server;
    case "model_missing":
      return waits.model_missing(run.waitingModel ?? "–");
    default:
      return run.waitingFor ?? waits.turn;
  }
}

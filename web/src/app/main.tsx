import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startWords } from "@/lib/words/words";
import { App } from "./App";
import "./styles.css";

const root = document.getElementById("root");
if (root) {
  // A language that cannot be fetched must not keep the page away: English is always there.
  await startWords().catch(() => undefined);
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}

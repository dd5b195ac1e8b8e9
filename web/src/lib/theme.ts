/** Light, dark, or as the system says. `public/theme.js` applies the same choice before the first paint. */
import { keep, recall } from "./storage";
import { createStore, useStore } from "./store";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const theme = createStore<Theme>(parse(recall("theme")));

function parse(text: string | null): Theme {
  return THEMES.find((known) => known === text) ?? "system";
}

export function useTheme(): Theme {
  return useStore(theme);
}

export function setTheme(next: Theme): void {
  keep("theme", next === "system" ? null : next);
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  theme.set(next);
}

/** Calls back when colours have changed: by choice, or because the system turned dark. */
export function onColoursChange(listener: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", listener);
  const unsubscribe = theme.subscribe(listener);
  return () => {
    system.removeEventListener("change", listener);
    unsubscribe();
  };
}

/** The colour that a token such as `--accent` has now, for canvases. */
export function tokenColour(name: `--${string}`): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

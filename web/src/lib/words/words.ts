/** The words of the app in the language that was chosen. English is the measure: another language lacks nothing. */
import { keep, recall } from "../storage";
import { createStore, useStore } from "../store";
import { en } from "./en";

export type Words = typeof en;

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

interface Spoken {
  language: Language;
  words: Words;
}

const spoken = createStore<Spoken>({ language: "en", words: en });

/** Reads the language that was chosen, or else that of the browser. Wait for it before anything is shown. */
export async function startWords(): Promise<void> {
  await speak(known(recall("language")) ?? known(navigator.language.slice(0, 2)) ?? "en");
}

export async function setLanguage(language: Language): Promise<void> {
  // Kept before its words have come: a page that is left in that moment has it all the same.
  keep("language", language);
  await speak(language);
}

async function speak(language: Language): Promise<void> {
  const words = language === "en" ? en : (await import("./de")).de;
  document.documentElement.lang = language;
  spoken.set({ language, words });
}

function known(text: string | null): Language | null {
  return text !== null && text in LANGUAGES ? (text as Language) : null;
}

export function useWords(): Words {
  return useStore(spoken).words;
}

export function useLanguage(): Language {
  return useStore(spoken).language;
}

export const live = {
  title: "Live",
  detail: "Was gerade beurteilt wird.",
  empty: "Gerade wird nichts beurteilt",
  emptyDetail: "Laden Sie eine Datei hoch, und ihr Fortschritt ist hier zu sehen.",
  toLibrary: "Zur Bibliothek",
  result: "Ergebnis",
  rate: (rate: string) => `${rate} je Sekunde`,
  of: (done: string, total: string) => `${done} von ${total}`,
  waiting: "Wartet auf ein Modell",
};

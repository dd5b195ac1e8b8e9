export const verdicts = {
  FAKE: {
    label: "Spuren von KI",
    meaning: "Es gibt Spuren davon, dass die Datei von KI gemacht oder verändert wurde.",
  },
  REAL: {
    label: "Keine Spuren",
    meaning: "Es wurde keine Spur von KI gefunden. Ein Beweis für die Echtheit der Datei ist das nicht.",
  },
  INCONCLUSIVE: { label: "Unklar", meaning: "Das Ergebnis liegt dort, wo die Modelle oft irren." },
  NOT_APPLICABLE: {
    label: "Nicht beurteilt",
    meaning: "Kein Modell konnte diese Datei genau genug ansehen.",
  },
  none: "Noch kein Urteil",
};

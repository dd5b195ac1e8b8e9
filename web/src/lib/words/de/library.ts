import { pluralOf } from "../plural";

const plural = pluralOf("de");

export const library = {
  title: "Bibliothek",
  dropHere: "Dateien oder Ordner irgendwo auf dieser Seite ablegen",
  dropNow: "Zum Hochladen loslassen",
  kinds: "Bilder, Videos und Tonaufnahmen.",
  kindsUpTo: (size: string) => `Bilder, Videos und Tonaufnahmen mit je bis zu ${size}.`,
  chooseFiles: "Dateien wählen",
  chooseFolder: "Ordner wählen",
  uploads: (count: number) => plural(count, { one: "# Upload", other: "# Uploads" }),
  uploadList: "Uploads",
  uploading: (name: string) => `Upload von ${name}`,
  clearEnded: "Beendete ausblenden",
  retryUpload: (name: string) => `${name} noch einmal hochladen`,
  pauseUpload: (name: string) => `Upload von ${name} anhalten`,
  resumeUpload: (name: string) => `Upload von ${name} fortsetzen`,
  chooseAgain: (name: string) => `${name} noch einmal wählen`,
  chooseSame: "Datei wählen",
  otherFile:
    "Das ist eine andere Datei, oder sie hat sich seither geändert. Wählen Sie dieselbe Datei, oder laden Sie sie neu hoch.",
  cancelUpload: (name: string) => `Upload von ${name} abbrechen`,
  uploadStates: {
    chosen: "Wird angesehen, bevor sie gesendet wird.",
    waiting: "Wartet, bis die Reihe daran ist.",
    sending: "Wird gesendet.",
    pausing:
      "Die Verbindung ging verloren, oder der Server ist ausgelastet. Es wird von selbst neu versucht.",
    paused: "Angehalten.",
    left: "Nicht fertig. Wählen Sie dieselbe Datei noch einmal, um fortzufahren.",
    done: "Hochgeladen.",
    failed: "Gescheitert.",
    cancelled: "Abgebrochen.",
  },
  leftKnown:
    "Nicht fertig. Setzen Sie fort, um den Rest zu senden; Ihr Browser fragt vielleicht, ob die Datei gelesen werden darf.",
  goOn: "Fortsetzen",
  atMost: (limit: string) => `Höchstens ${limit}.`,
  megapixels: (count: string) => `${count} Megapixel`,
  whatIsTaken: "Welche Dateien beurteilt werden können",
  search: "Namen und Beschreibungen durchsuchen",
  status: "Stand",
  kind: "Art",
  verdict: "Urteil",
  sort: "Reihenfolge",
  any: (what: string) => `${what}: alle`,
  sorts: { newest: "Neueste zuerst", oldest: "Älteste zuerst", name: "Nach Namen", largest: "Größte zuerst" },
  files: "Dateien",
  choose: (name: string) => `${name} auswählen`,
  chooseAll: "Alle gezeigten auswählen",
  chosen: (count: number) => `${count} ausgewählt`,
  progressOf: (name: string) => `Fortschritt von ${name}`,
  judgeAgain: "Neu beurteilen",
  deleteFiles: (count: number) => plural(count, { one: "# Datei löschen", other: "# Dateien löschen" }),
  askDelete: (count: number) => plural(count, { one: "# Datei löschen?", other: "# Dateien löschen?" }),
  deleteDetail:
    "Die Originale und alle ihre Ergebnisse werden entfernt. Das lässt sich nicht rückgängig machen.",
  deleted: (count: number) =>
    plural(count, { one: "# Datei wurde gelöscht.", other: "# Dateien wurden gelöscht." }),
  startedAgain: (count: number) =>
    plural(count, { one: "# Datei wird neu beurteilt.", other: "# Dateien werden neu beurteilt." }),
  failedFor: (name: string, why: string) => `${name}: ${why}`,
  empty: "Noch keine Dateien",
  emptyDetail:
    "Laden Sie ein Bild, ein Video oder eine Tonaufnahme hoch, um zu sehen, ob KI sie gemacht oder verändert hat.",
  steps: [
    ["Hochladen", "Legen Sie Dateien irgendwo auf dieser Seite ab. Nur Sie sehen sie."],
    ["Modelle sehen hin", "Jedes sucht nach eigenen Spuren, und Sie sehen, wie weit es ist."],
    [
      "Urteil und Belege",
      "Was gefunden wurde, wo in der Datei, wie sicher das ist, und was es nicht bedeutet.",
    ],
  ],
  howToRead: "Wie ein Urteil zu lesen ist",
  nothingFound: "Keine Datei passt",
  nothingFoundDetail: "Keine Ihrer Dateien passt zu dieser Suche und diesen Filtern.",
  clearFilters: "Suche und Filter leeren",
};

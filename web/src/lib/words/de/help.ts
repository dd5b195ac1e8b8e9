export const help = {
  title: "Hilfe",
  documentsText: "Wie es arbeitet, wie man es betreibt und aus Programmen aufruft, steht in der",
  documents: "Dokumentation (englisch)",
  verdictTitle: "Wie ein Urteil zu lesen ist",
  verdictText: [
    "Mehrere Modelle sehen eine Datei an, jedes auf andere Spuren hin. Wird eine Art von Spur gefunden, heißt es, die Datei zeige Anzeichen von KI. Nur wenn kein Modell, das hinsah, etwas fand, heißt es, dass nichts gefunden wurde.",
    "Die Prozentzahl ist die Wahrscheinlichkeit, dass die Datei mit KI erzeugt oder verändert wurde, wie die entscheidenden Modelle sie sehen. Sie ist kein Beweis.",
    "Je mehr Modelle hinsehen, desto öfter irrt sich eines bei einer echten Datei. Sehen Sie sich die Belege an, und woher die Datei kommt.",
  ],
  modelsTitle: "Was jedes Modell sieht",
  noModels: "Gerade kann kein Modell gefragt werden.",
  kinds: "Sieht an",
  quality: "Gemessene Güte",
  weight: "Zählt",
  weights: {
    unrated: "nicht: es wird nur gezeigt",
    weak: "schwach",
    strong: "stark",
    declared: "vor allen anderen",
  },
  limits: "Grenzen",
  fileTitle: "Was eine Datei braucht",
  fileLimits: (size: string, length: string, megapixels: string) =>
    `Höchstens ${size}, ${length} lang und ${megapixels} Megapixel.`,
  fileText: [
    "Senden Sie das Original. Bildschirmfotos, Messenger und wiederholtes Speichern verwischen gerade die Spuren, nach denen Modelle suchen.",
    "Ein Modell für Gesichter braucht ein großes, scharfes Gesicht, eines für Stimmen einige Sekunden klarer Sprache.",
  ],
  accepted: "Angenommene Arten",
  apiTitle: "Für Programme",
  apiText:
    "Erstellen Sie einen API-Schlüssel auf der Seite Ihres Kontos. Die ganze Schnittstelle ist beschrieben unter",
  curl: "Eine Datei mit curl hochladen",
  curlRead: "Ihr Urteil lesen",
  cli: "Mit dem Befehl drishtiksha",
  copyOf: (what: string) => `Kopieren: ${what}`,
  copyFailed: "Das Kopieren ging nicht. Markieren und kopieren Sie es von Hand.",
};

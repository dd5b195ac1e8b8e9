import { pluralOf } from "../plural";

const plural = pluralOf("de");

export const common = {
  product: "Drishtiksha",
  tagline: "Von KI gemacht oder verändert? Das Urteil, und worauf es beruht.",
  skipToContent: "Zum Inhalt springen",
  loading: "Wird geladen …",
  retry: "Noch einmal versuchen",
  cancel: "Abbrechen",
  close: "Schließen",
  save: "Speichern",
  optional: "freiwillig",
  copy: "Kopieren",
  copied: "Kopiert",
  showMore: "Mehr anzeigen",
  endOfList: "Das ist alles.",
  showAsTable: "Die Zahlen als Tabelle zeigen",
  dismiss: "Ausblenden",
  requestId: (id: string) => `Anfrage ${id}`,
  retryIn: (secs: number) =>
    plural(secs, {
      one: "Neuer Versuch in # Sekunde möglich.",
      other: "Neuer Versuch in # Sekunden möglich.",
    }),
  stale: "Das konnte nicht aktualisiert werden; was Sie sehen, ist vielleicht veraltet.",
  nav: {
    main: "Hauptnavigation",
    library: "Bibliothek",
    live: "Live",
    monitoring: "Überwachung",
    help: "Hilfe",
    account: "Konto",
    signOut: "Abmelden",
    userMenu: "Konto, Farben und Sprache",
  },
  theme: { label: "Farben", system: "System", light: "Hell", dark: "Dunkel" },
  language: { label: "Sprache" },
  connection: {
    online: "Live",
    connecting: "Verbindung wird aufgebaut …",
    polling: "Keine Live-Verbindung. Die Anzeige wird alle paar Sekunden erneuert.",
    offline: "Der Server ist nicht erreichbar. Was Sie sehen, ist vielleicht veraltet.",
  },
  notFound: {
    title: "Hier ist nichts",
    detail: "Die Adresse ist vielleicht falsch, oder was hier war, ist fort.",
    home: "Zur Bibliothek",
  },
  crash: {
    title: "Diese Seite ist gescheitert",
    detail: "Der Fehler liegt bei uns. Oft hilft es, sie neu zu laden.",
    reload: "Neu laden",
  },
  kinds: { image: "Bild", video: "Video", audio: "Ton" },
  status: {
    QUEUED: "Wartet",
    PENDING: "Wartet",
    PROCESSING: "In Arbeit",
    ANALYZED: "Fertig",
    COMPLETED: "Fertig",
    PARTIALLY_ANALYZED: "Teilweise fertig",
    FAILED: "Gescheitert",
    CANCELLED: "Abgebrochen",
  },
  waits: {
    turn: "Der Durchgang wartet, bis er an der Reihe ist.",
    no_server:
      "Der Durchgang wartet, weil kein Server antwortet, der Dateien prüft. Er beginnt von selbst, sobald einer da ist.",
    model_missing: (model: string) =>
      `Der Durchgang wartet, weil kein Server, der antwortet, das Modell ${model} hat. Er beginnt von selbst, sobald einer es hat.`,
  },
};

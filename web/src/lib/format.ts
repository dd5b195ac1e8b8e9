/** Dates, sizes, lengths and shares as the chosen language writes them. */
import { type Language, useLanguage } from "./words/words";

const SIZES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
function create(language: Language) {
  const date = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
  const dateTime = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const time = new Intl.DateTimeFormat(language, { timeStyle: "medium" });
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
  const bytes = SIZES.map(
    (unit, step) =>
      new Intl.NumberFormat(language, {
        style: "unit",
        unit,
        unitDisplay: step === 0 ? "long" : "short",
        maximumFractionDigits: step > 1 ? 1 : 0,
      }),
  );
  const secs = new Intl.NumberFormat(language, { style: "unit", unit: "second", maximumFractionDigits: 1 });
  return {
    date: (iso: string | Date) => date.format(new Date(iso)),
    dateTime: (iso: string | Date) => dateTime.format(new Date(iso)),
    time: (iso: string | Date) => time.format(new Date(iso)),
    number: (value: number) => number.format(value),
    /** A share between 0 and 1. */
    percent: (share: number) => percent.format(share),
    /** In units of 1,024, as the limits of the service are. */
    bytes(count: number) {
      const step = Math.min(SIZES.length - 1, count < 1 ? 0 : Math.floor(Math.log(count) / Math.log(1024)));
      return bytes[step]?.format(count / 1024 ** step) ?? String(count);
    },
    /** How long something took, in seconds. */
    secs: (value: number) => secs.format(value),
    /** A place in a recording: 1:02:03, or 0:04.5 with tenths. */
    timecode(ms: number, tenths = false) {
      const all = tenths ? Math.floor(ms / 100) / 10 : Math.floor(ms / 1000);
      const [hours, minutes, rest] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60), all % 60];
      const tail = tenths ? rest.toFixed(1).padStart(4, "0") : String(rest).padStart(2, "0");
      return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
    },
  };
}

export type Format = ReturnType<typeof create>;
const made = new Map<Language, Format>();

export function formatOf(language: Language): Format {
  let format = made.get(language);
  if (!format) {
    format = create(language);
    made.set(language, format);
  }
  return format;
}

export function useFormat(): Format {
  return formatOf(useLanguage());
}

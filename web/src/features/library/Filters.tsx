import { useEffect, useState } from "react";
import { useSearchParams } from "react-router";
import type { MediaFilter } from "@/lib/api/queries";
import { useWords } from "@/lib/words/words";
import { Input, Select } from "@/ui/Input";

const STATUSES = ["QUEUED", "PROCESSING", "ANALYZED", "PARTIALLY_ANALYZED", "FAILED", "CANCELLED"] as const;
const KINDS = ["image", "video", "audio"] as const;
const VERDICTS = ["FAKE", "REAL", "INCONCLUSIVE", "NOT_APPLICABLE"] as const;
const SORTS = ["newest", "oldest", "name", "largest"] as const;
const TYPING_PAUSE_MS = 300;
const LONGEST_SEARCH = 200;

/** The filter as the address says it; what nobody knows is left out. */
export function useFilter(): { filter: MediaFilter; isNarrowed: boolean; clear: () => void } {
  const [params, setParams] = useSearchParams();
  const status = oneOf(STATUSES, params.get("status"));
  const mediaType = oneOf(KINDS, params.get("kind"));
  const verdict = oneOf(VERDICTS, params.get("verdict"));
  const sort = oneOf(SORTS, params.get("sort"));
  const q = params.get("q")?.slice(0, LONGEST_SEARCH);
  const filter: MediaFilter = {
    ...(status && { status }),
    ...(mediaType && { mediaType }),
    ...(verdict && { verdict }),
    ...(sort && { sort }),
    ...(q && { q }),
  };
  const isNarrowed = Boolean(status || mediaType || verdict || q);
  return { filter, isNarrowed, clear: () => setParams(sort ? { sort } : {}) };
}

function oneOf<T extends string>(known: readonly T[], text: string | null): T | undefined {
  return known.find((one) => one === text);
}

export function Filters() {
  const { library, common, verdicts } = useWords();
  return (
    <search className="mb-4 grid grid-cols-2 gap-2 lg:grid-cols-[minmax(12rem,1fr)_auto_auto_auto_auto]">
      <SearchField />
      <Choice
        name="status"
        label={library.status}
        options={STATUSES.map((one) => [one, common.status[one]])}
      />
      <Choice name="kind" label={library.kind} options={KINDS.map((one) => [one, common.kinds[one]])} />
      <Choice
        name="verdict"
        label={library.verdict}
        options={VERDICTS.map((one) => [one, verdicts[one].label])}
      />
      <Choice name="sort" label={library.sort} options={SORTS.map((one) => [one, library.sorts[one]])} />
    </search>
  );
}

function Choice(props: { name: string; label: string; options: [value: string, text: string][] }) {
  const { name, label, options } = props;
  const { library } = useWords();
  const [params, setParams] = useSearchParams();
  const isSort = name === "sort";
  return (
    <Select
      aria-label={label}
      value={params.get(name) ?? (isSort ? "newest" : "")}
      onChange={({ target }) => setParams((before) => put(before, name, target.value), { replace: true })}
    >
      {!isSort && <option value="">{library.any(label)}</option>}
      {options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </Select>
  );
}

function SearchField() {
  const { library } = useWords();
  const [params, setParams] = useSearchParams();
  const asked = params.get("q") ?? "";
  const [typed, setTyped] = useState(asked);
  const [last, setLast] = useState(asked);
  // The address changed by other means, such as going back.
  if (asked !== last) {
    setLast(asked);
    if (typed.trim() !== asked) setTyped(asked);
  }
  useEffect(() => {
    const next = typed.trim();
    if (next === asked) return;
    const timer = setTimeout(
      () => setParams((before) => put(before, "q", next), { replace: true }),
      TYPING_PAUSE_MS,
    );
    return () => clearTimeout(timer);
  }, [typed, asked, setParams]);
  return (
    <Input
      type="search"
      aria-label={library.search}
      placeholder={library.search}
      maxLength={LONGEST_SEARCH}
      className="col-span-2 lg:col-span-1"
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
    />
  );
}

function put(before: URLSearchParams, name: string, value: string): URLSearchParams {
  const next = new URLSearchParams(before);
  if (value === "") next.delete(name);
  else next.set(name, value);
  return next;
}

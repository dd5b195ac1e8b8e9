import { useWords } from "@/lib/words/words";

/** The mark and the name. */
export function Brand({ large = false }: { large?: boolean }) {
  const { product } = useWords().common;
  return (
    <span className="flex items-center gap-2.5">
      <svg viewBox="0 0 32 32" aria-hidden="true" className={large ? "size-10" : "size-7"}>
        <rect width="32" height="32" rx="7" className="fill-accent" />
        <g fill="none" strokeWidth="2" className="stroke-on-accent">
          <path d="M4.500 16S9 8.500 16 8.500 27.500 16 27.500 16 23 23.500 16 23.500 4.500 16 4.500 16Z" />
          <path d="M16 3v4M16 25v4" strokeLinecap="round" />
        </g>
        <circle cx="16" cy="16" r="3.600" className="fill-on-accent" />
      </svg>
      <span
        className={large ? "text-2xl font-semibold tracking-tight" : "text-lg font-semibold tracking-tight"}
      >
        {product}
      </span>
    </span>
  );
}

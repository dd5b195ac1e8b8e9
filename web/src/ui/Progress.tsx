import { Progress as Radix } from "radix-ui";

interface ProgressProps {
  label: string;
  /** 0 to 1; null while nobody knows. */
  share: number | null;
  /** What is read out and need not be seen, such as "12 of 200 frames". */
  text?: string;
}

export function Progress({ label, share, text }: ProgressProps) {
  const percent = share === null ? null : Math.round(Math.min(1, Math.max(0, share)) * 100);
  return (
    <Radix.Root
      aria-label={label}
      value={percent}
      {...(text ? { "aria-valuetext": text } : {})}
      className="h-1.5 w-full overflow-hidden rounded-full bg-line"
    >
      {percent === null ? (
        // The whole width in grey: a part of it would be read as a share, where nothing moves.
        <Radix.Indicator className="block size-full animate-pulse rounded-full bg-line-strong" />
      ) : (
        <Radix.Indicator
          className="block h-full rounded-full bg-accent transition-[width] duration-300"
          style={{ width: `${percent}%` }}
        />
      )}
    </Radix.Root>
  );
}

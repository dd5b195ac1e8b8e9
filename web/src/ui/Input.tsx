import { ChevronDown } from "lucide-react";
import type { ComponentProps } from "react";
import { cx } from "@/lib/cx";

const CONTROL =
  "w-full rounded-md border border-line-strong bg-surface text-ink placeholder:text-ink-soft " +
  "aria-invalid:border-danger disabled:opacity-55 disabled:cursor-not-allowed";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input className={cx(CONTROL, "h-10 px-3", className)} {...rest} />;
}

export function TextArea({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea className={cx(CONTROL, "min-h-20 px-3 py-2", className)} {...rest} />;
}

/** The system's own list, which every device knows how to show; options are `<option>` children. */
export function Select({ className, children, ...rest }: ComponentProps<"select">) {
  return (
    <span className={cx("relative inline-block", className)}>
      <select className={cx(CONTROL, "h-10 appearance-none pr-9 pl-3")} {...rest}>
        {children}
      </select>
      <ChevronDown aria-hidden className="pointer-events-none absolute top-3 right-3 size-4 text-ink-soft" />
    </span>
  );
}

import { type ComponentProps, type ReactNode, useEffect, useRef } from "react";
import { cx } from "@/lib/cx";

interface CheckboxProps extends Omit<ComponentProps<"input">, "type"> {
  label: ReactNode;
  /** For lists where the label would repeat itself: it is then only read out. */
  hideLabel?: boolean;
  /** Some of what it stands for. */
  mixed?: boolean;
}

export function Checkbox({ label, hideLabel = false, mixed = false, className, ...rest }: CheckboxProps) {
  const ref = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (ref.current) ref.current.indeterminate = mixed;
  }, [mixed]);
  return (
    <label className={cx("inline-flex min-h-6 items-center gap-2", className)}>
      <input ref={ref} type="checkbox" className="size-4.5 shrink-0 accent-accent" {...rest} />
      <span className={hideLabel ? "sr-only" : undefined}>{label}</span>
    </label>
  );
}

import { LoaderCircle, type LucideIcon } from "lucide-react";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { cx } from "@/lib/cx";

type Look = "primary" | "secondary" | "quiet" | "danger";
type Size = "small" | "medium";

const BASE =
  "inline-flex items-center justify-center gap-2 rounded-md font-medium select-none transition-colors " +
  "disabled:opacity-55 disabled:cursor-not-allowed aria-disabled:opacity-55";
const LOOKS: Record<Look, string> = {
  primary: "bg-accent text-on-accent enabled:hover:bg-accent-strong [a]:hover:bg-accent-strong",
  secondary: "border border-line-strong bg-surface text-ink enabled:hover:bg-sunken [a]:hover:bg-sunken",
  quiet: "text-ink enabled:hover:bg-sunken [a]:hover:bg-sunken",
  danger: "bg-danger text-on-danger enabled:hover:bg-danger-strong",
};
const SIZES: Record<Size, string> = { small: "min-h-8 px-2.5 text-sm", medium: "min-h-10 px-4" };

interface ButtonProps extends ComponentProps<"button"> {
  look?: Look;
  size?: Size;
  icon?: LucideIcon;
  /** Shows that it works, and takes no second click. */
  busy?: boolean;
  /** Gives the look to its only child, such as a `Link`. */
  asChild?: boolean;
}

export function Button({
  look = "secondary",
  size = "medium",
  icon: Icon,
  busy = false,
  asChild = false,
  className,
  children,
  disabled,
  type = "button",
  ...rest
}: ButtonProps) {
  const names = cx(BASE, LOOKS[look], SIZES[size], className);
  if (asChild) {
    return (
      <Slot.Root className={names} {...rest}>
        {children}
      </Slot.Root>
    );
  }
  return (
    <button type={type} className={names} disabled={disabled || busy} aria-busy={busy || undefined} {...rest}>
      {busy ? (
        <LoaderCircle aria-hidden className="size-4 animate-spin" />
      ) : (
        Icon && <Icon aria-hidden className="size-4 shrink-0" />
      )}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ComponentProps<"button">, "children"> {
  icon: LucideIcon;
  /** What it does, for those who do not see the icon and as its tool tip. */
  label: string;
  look?: Exclude<Look, "primary">;
  size?: Size;
}

export function IconButton({
  icon: Icon,
  label,
  look = "quiet",
  size = "medium",
  className,
  type = "button",
  ...rest
}: IconButtonProps) {
  const square = size === "small" ? "size-8" : "size-10";
  return (
    <button
      type={type}
      aria-label={label}
      title={label}
      className={cx(BASE, LOOKS[look], square, "shrink-0", className)}
      {...rest}
    >
      <Icon aria-hidden className={size === "small" ? "size-4" : "size-5"} />
    </button>
  );
}

import type { ReactNode } from "react";
import { cx } from "@/lib/cx";

interface CardProps {
  /** Heading of the card, at level 2 unless told otherwise. */
  title?: ReactNode;
  level?: 2 | 3;
  /** Beside the heading, such as buttons. */
  actions?: ReactNode;
  className?: string;
  children: ReactNode;
}

export function Card({ title, level = 2, actions, className, children }: CardProps) {
  const Heading = `h${level}` as const;
  return (
    <section className={cx("rounded-lg border border-line bg-surface p-4 sm:p-5", className)}>
      {(title || actions) && (
        <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
          {title && <Heading className="text-base font-semibold">{title}</Heading>}
          {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
        </div>
      )}
      {children}
    </section>
  );
}

/** Names and values, as on a data sheet. */
export function Facts({ items }: { items: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[minmax(7rem,auto)_1fr] gap-x-6 gap-y-1.5">
      {items.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-soft">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

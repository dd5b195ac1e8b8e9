import { type ReactNode, useEffect } from "react";
import { useWords } from "@/lib/words/words";

interface PageHeaderProps {
  title: string;
  detail?: ReactNode;
  actions?: ReactNode;
}

/** The heading of a page, which also names the browser's tab. */
export function PageHeader({ title, detail, actions }: PageHeaderProps) {
  useTitle(title);
  return (
    <header className="mb-5 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1 className="text-2xl leading-tight font-semibold tracking-tight break-words">{title}</h1>
        {detail && <div className="mt-1 text-ink-soft">{detail}</div>}
      </div>
      {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
    </header>
  );
}

export function useTitle(title: string): void {
  const { product } = useWords().common;
  useEffect(() => {
    document.title = `${title} · ${product}`;
  }, [title, product]);
}

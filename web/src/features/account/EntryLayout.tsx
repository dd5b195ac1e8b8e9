import type { ReactNode } from "react";
import { useWords } from "@/lib/words/words";
import { Brand } from "@/ui/Brand";
import { useTitle } from "@/ui/PageHeader";

/** The frame of the pages before signing in. */
export function EntryLayout({ title, children }: { title: string; children: ReactNode }) {
  const words = useWords();
  useTitle(title);
  return (
    <main className="mx-auto grid max-w-sm gap-8 px-4 py-10 sm:pt-[14dvh]">
      <div className="grid gap-3">
        <Brand large />
        <p className="text-ink-soft">{words.common.tagline}</p>
      </div>
      <section className="grid gap-5 rounded-lg border border-line bg-surface p-5 sm:p-6">
        <h1 className="text-xl font-semibold">{title}</h1>
        {children}
      </section>
    </main>
  );
}

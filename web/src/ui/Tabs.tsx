import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";

export const TAB =
  "-mb-px inline-flex min-h-10 shrink-0 items-center border-b-2 border-transparent px-3 font-medium text-ink-soft " +
  "hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink " +
  "aria-[current=page]:border-accent aria-[current=page]:text-ink";

interface TabsProps<T extends string> {
  /** Names the whole. */
  label: string;
  value: T;
  onChange: (value: T) => void;
  tabs: readonly { value: T; label: ReactNode; content: ReactNode }[];
}

export function Tabs<T extends string>({ label, value, onChange, tabs }: TabsProps<T>) {
  return (
    <Radix.Root value={value} onValueChange={(next) => onChange(next as T)}>
      <Radix.List aria-label={label} className="flex overflow-x-auto border-b border-line">
        {tabs.map((tab) => (
          <Radix.Trigger key={tab.value} value={tab.value} className={TAB}>
            {tab.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((tab) => (
        <Radix.Content key={tab.value} value={tab.value} className="pt-4">
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}

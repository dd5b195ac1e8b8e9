import { Check, type LucideIcon } from "lucide-react";
import { DropdownMenu as Radix } from "radix-ui";
import type { ReactNode } from "react";

const ITEM =
  "flex min-h-9 w-full items-center gap-2.5 rounded px-2.5 text-left outline-none select-none cursor-pointer " +
  "data-[highlighted]:bg-accent-soft data-[disabled]:opacity-55 data-[disabled]:cursor-not-allowed";

interface DropdownMenuProps {
  /** The button that opens it. */
  trigger: ReactNode;
  /** `MenuItem`, `MenuChoice`, `MenuLine`, `MenuLabel`. */
  children: ReactNode;
}

export function DropdownMenu({ trigger, children }: DropdownMenuProps) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align="end"
          sideOffset={6}
          collisionPadding={8}
          className="z-50 min-w-52 rounded-lg border border-line bg-raised p-1.5 shadow-lg"
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface MenuItemProps {
  icon?: LucideIcon;
  disabled?: boolean;
  onSelect?: () => void;
  /** Gives the look to its only child, such as a `Link`. */
  asChild?: boolean;
  children: ReactNode;
}

export function MenuItem({ icon: Icon, disabled, onSelect, asChild, children }: MenuItemProps) {
  return (
    <Radix.Item
      className={ITEM}
      disabled={disabled ?? false}
      asChild={asChild ?? false}
      {...(onSelect ? { onSelect } : {})}
    >
      {asChild ? (
        children
      ) : (
        <>
          {Icon && <Icon aria-hidden className="size-4 shrink-0" />}
          {children}
        </>
      )}
    </Radix.Item>
  );
}

interface MenuChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}

/** One of several, with a heading. */
export function MenuChoice<T extends string>({ label, value, options, onChange }: MenuChoiceProps<T>) {
  return (
    <Radix.RadioGroup value={value} onValueChange={(next) => onChange(next as T)}>
      <Radix.Label className="plate px-2.5 pt-2 pb-1">{label}</Radix.Label>
      {options.map(([option, text]) => (
        <Radix.RadioItem
          key={option}
          value={option}
          className={ITEM}
          onSelect={(event) => event.preventDefault()}
        >
          <span className="size-4 shrink-0">
            <Radix.ItemIndicator>
              <Check aria-hidden className="size-4" />
            </Radix.ItemIndicator>
          </span>
          {text}
        </Radix.RadioItem>
      ))}
    </Radix.RadioGroup>
  );
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <Radix.Label className="px-2.5 py-2 text-sm text-ink-soft">{children}</Radix.Label>;
}

export function MenuLine() {
  return <Radix.Separator className="my-1.5 h-px bg-line" />;
}

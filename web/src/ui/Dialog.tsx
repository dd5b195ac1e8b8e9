import { X } from "lucide-react";
import { Dialog as Radix, AlertDialog as RadixAlert } from "radix-ui";
import { type ReactNode, useRef } from "react";
import { cx } from "@/lib/cx";
import { useWords } from "@/lib/words/words";
import { Button, IconButton } from "./Button";

const OVERLAY = "fixed inset-0 z-40 bg-[light-dark(#10181b80,#000000b3)]";
const PANEL =
  "fixed z-50 grid max-h-[88dvh] gap-4 overflow-y-auto border border-line bg-raised p-5 shadow-xl " +
  "inset-x-0 bottom-0 rounded-t-xl sm:inset-x-auto sm:bottom-auto sm:top-[12dvh] sm:left-1/2 " +
  "sm:w-full sm:-translate-x-1/2 sm:rounded-xl";

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  /** One sentence below the title, read out with it. */
  detail?: ReactNode;
  children: ReactNode;
}

/** No button belongs to these dialogs: the focus goes back to where it was when one opened. */
function useFocusBack() {
  const from = useRef<Element | null>(null);
  return {
    onOpenAutoFocus: () => {
      from.current = document.activeElement;
    },
    onCloseAutoFocus: (event: Event) => {
      event.preventDefault();
      if (from.current instanceof HTMLElement) from.current.focus();
    },
  };
}

export function Dialog({ open, onClose, title, detail, children }: DialogProps) {
  const words = useWords();
  const focus = useFocusBack();
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={OVERLAY} />
        <Radix.Content
          {...focus}
          className={cx(PANEL, "sm:max-w-lg")}
          {...(detail === undefined ? { "aria-describedby": undefined } : {})}
        >
          <div className="flex items-start justify-between gap-4">
            <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton icon={X} label={words.common.close} size="small" />
            </Radix.Close>
          </div>
          {detail !== undefined && (
            <Radix.Description className="-mt-2 text-ink-soft">{detail}</Radix.Description>
          )}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface ConfirmDialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  detail: ReactNode;
  /** What happens, as a verb: "Delete 3 files". */
  action: string;
  danger?: boolean;
  busy?: boolean;
  onConfirm: () => void;
  /** What went wrong when it was tried. */
  children?: ReactNode;
}

export function ConfirmDialog(props: ConfirmDialogProps) {
  const words = useWords();
  const focus = useFocusBack();
  return (
    <RadixAlert.Root open={props.open} onOpenChange={(next) => !next && props.onClose()}>
      <RadixAlert.Portal>
        <RadixAlert.Overlay className={OVERLAY} />
        <RadixAlert.Content {...focus} className={cx(PANEL, "sm:max-w-md")}>
          <RadixAlert.Title className="text-lg font-semibold">{props.title}</RadixAlert.Title>
          <RadixAlert.Description className="-mt-2 text-ink-soft">{props.detail}</RadixAlert.Description>
          {props.children}
          <div className="flex flex-wrap justify-end gap-2">
            <RadixAlert.Cancel asChild>
              <Button>{words.common.cancel}</Button>
            </RadixAlert.Cancel>
            <Button
              look={props.danger ? "danger" : "primary"}
              busy={props.busy ?? false}
              onClick={props.onConfirm}
            >
              {props.action}
            </Button>
          </div>
        </RadixAlert.Content>
      </RadixAlert.Portal>
    </RadixAlert.Root>
  );
}

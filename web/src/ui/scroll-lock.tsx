/**
 * Takes the place of `react-remove-scroll` within Radix (see vite.config.ts): the page behind a dialog stands still by
 * a rule of our style sheet instead of a <style> element that our Content-Security-Policy refuses.
 */
import { Slot } from "radix-ui";
import { type ReactNode, useEffect } from "react";

interface Props {
  children?: ReactNode;
  enabled?: boolean;
  // What else Radix passes has no meaning here.
  as?: unknown;
  allowPinchZoom?: boolean;
  shards?: unknown;
}

let locks = 0;

export function RemoveScroll({
  children,
  enabled = true,
  as,
  allowPinchZoom: _,
  shards: __,
  ...rest
}: Props) {
  useEffect(() => {
    if (!enabled) return;
    locks += 1;
    document.body.setAttribute("data-scroll-locked", "");
    return () => {
      locks -= 1;
      if (locks === 0) document.body.removeAttribute("data-scroll-locked");
    };
  }, [enabled]);
  return as === undefined ? children : <Slot.Root {...rest}>{children}</Slot.Root>;
}

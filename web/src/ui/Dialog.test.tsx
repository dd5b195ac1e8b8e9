import { screen } from "@testing-library/react";
import { useState } from "react";
import { expect, test } from "vitest";
import { show } from "@/testing/render";
import { ConfirmDialog, Dialog } from "./Dialog";

function Page({ confirm }: { confirm: boolean }) {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        Ask
      </button>
      {open && !confirm && (
        <Dialog open onClose={close} title="A question">
          <button type="button">Answer</button>
        </Dialog>
      )}
      {confirm && (
        <ConfirmDialog
          open={open}
          onClose={close}
          title="A question"
          detail="Really?"
          action="Yes"
          onConfirm={close}
        />
      )}
    </>
  );
}

test.each([false, true])("a dialog takes the focus and gives it back (asks first: %s)", async (confirm) => {
  const { user } = show(<Page confirm={confirm} />);
  const button = screen.getByRole("button", { name: "Ask" });
  await user.click(button);
  const dialog = await screen.findByRole(confirm ? "alertdialog" : "dialog");
  expect(dialog).toContainElement(document.activeElement as HTMLElement);
  await user.keyboard("{Escape}");
  await expect.poll(() => document.activeElement).toBe(button);
});

import { afterEach, expect, test, vi } from "vitest";
import { copy } from "./copy";

afterEach(() => Reflect.deleteProperty(document, "execCommand"));

/** The old command as a browser has it: it takes what is selected. jsdom has none. */
function oldCommand(works: boolean): string[] {
  const taken: string[] = [];
  document.execCommand = () => {
    const { value, selectionStart, selectionEnd } = document.activeElement as HTMLTextAreaElement;
    taken.push(value.slice(selectionStart, selectionEnd));
    return works;
  };
  return taken;
}

test("where there is a clipboard it is used", async () => {
  const writeText = vi.fn(async () => undefined);
  vi.stubGlobal("navigator", { clipboard: { writeText } });
  await copy("a key");
  expect(writeText).toHaveBeenCalledWith("a key");
});

test("at plain HTTP, where there is none, the text is copied as well and the focus stays", async () => {
  vi.stubGlobal("navigator", {});
  const taken = oldCommand(true);
  document.body.innerHTML = "<button>Copy</button>";
  document.querySelector("button")?.focus();
  await copy("a key");
  expect(taken).toEqual(["a key"]);
  expect(document.activeElement).toBe(document.querySelector("button"));
  expect(document.querySelector("textarea")).toBeNull();
});

test("what cannot be copied is told", async () => {
  vi.stubGlobal("navigator", {});
  oldCommand(false);
  await expect(copy("a key")).rejects.toThrow();
});

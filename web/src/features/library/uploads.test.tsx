import { screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { signedIn } from "@/lib/api/session";
import { ada, tokenOf } from "@/testing/people";
import { show } from "@/testing/render";
import { TusService } from "@/testing/tus";
import { LibraryPage } from "./LibraryPage";
import { uploads } from "./uploads";

const bob = { ...ada, id: "0190a000-0000-7000-8000-000000000002", email: "bob@example.org" };

/** A picture of 40 bytes: four parts. */
function picture(name = "a.png", last = 0): File {
  const bytes = new Uint8Array(40);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  bytes[39] = last;
  return new File([bytes], name, { type: "image/png", lastModified: 1_700_000_000_000 });
}

const input = () => screen.getByLabelText("Choose files", { selector: "input" });
const begun = (service: TusService) => service.requests.filter(({ method }) => method === "POST").length;

/** The library, once it knows how large a part may be. */
async function library() {
  const shown = show(<LibraryPage />);
  await screen.findByText(/of up to/);
  return shown;
}

beforeEach(() => {
  vi.useRealTimers();
  localStorage.clear();
  // Whoever was here before is gone, with all their uploads.
  signedIn(tokenOf(bob));
  signedIn(tokenOf(ada));
  uploads.set([]);
});

test("three are sent at a time, and the others wait for their turn", async () => {
  const service = new TusService();
  const { user } = await library();
  service.hold();
  await user.upload(
    input(),
    ["a.png", "b.png", "c.png", "d.png", "e.png"].map((name) => picture(name)),
  );
  await waitFor(() => expect(service.offsets).toHaveLength(3));
  expect(screen.getAllByText("Waits for its turn.")).toHaveLength(2);
  service.release();
  await waitFor(() => expect(screen.getAllByText("Uploaded.")).toHaveLength(5));
  expect(service.mostAtOnce).toBe(3);
});

test("files are shown as soon as they are chosen, and four of them are looked at at a time", async () => {
  const service = new TusService();
  const { user } = await library();
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const looked = new Set<string>();
  vi.spyOn(File.prototype, "slice").mockImplementation(function (this: File, from, to) {
    looked.add(this.name);
    const bytes = () => held.then(() => new Blob([this]).slice(from, to).arrayBuffer());
    return Object.assign(new Blob(), { arrayBuffer: bytes });
  });
  const names = ["a.png", "b.png", "c.png", "d.png", "e.png", "f.png"];
  await user.upload(
    input(),
    names.map((name) => picture(name)),
  );
  expect(screen.getAllByText("Looked at before it is sent.")).toHaveLength(6);
  expect([...looked]).toEqual(names.slice(0, 4));
  await user.click(screen.getByRole("button", { name: "Cancel the upload of b.png" }));
  vi.mocked(File.prototype.slice).mockRestore();
  letGo();
  await waitFor(() => expect(screen.getAllByText("Uploaded.")).toHaveLength(5));
  expect(begun(service)).toBe(5);
  // What was cancelled before anybody had looked at it may still be sent.
  await user.click(screen.getByRole("button", { name: "Upload b.png again" }));
  await waitFor(() => expect(screen.getAllByText("Uploaded.")).toHaveLength(6));
});

test("what was paused goes on where the server stands", async () => {
  const service = new TusService();
  const { user } = await library();
  service.hold();
  await user.upload(input(), picture());
  await user.click(await screen.findByRole("button", { name: "Pause the upload of a.png" }));
  expect(await screen.findByText("Paused.")).toBeVisible();
  expect(screen.getByRole("button", { name: "Cancel the upload of a.png" })).toBeVisible();
  service.release();
  const url = [...service.uploads.keys()][0] ?? "";
  service.uploads.set(url, { length: 40, bytes: 10, mediaId: null });
  await user.click(screen.getByRole("button", { name: "Go on with the upload of a.png" }));
  expect(await screen.findByText("Uploaded.")).toBeVisible();
  expect(service.offsets).toEqual([0, 10, 20, 30]);
  expect(begun(service)).toBe(1);
});

test("a lost connection and a busy server are tried again by themselves, with growing pauses", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  const service = new TusService();
  const { user } = await library();
  service.faults.push(0, 503, 0);
  await user.upload(input(), picture());
  for (const pauseMs of [1_000, 2_000, 4_000]) {
    expect(await screen.findByText(/tried again by itself/)).toBeVisible();
    const sent = service.offsets.length;
    await vi.advanceTimersByTimeAsync(pauseMs / 4);
    expect(service.offsets).toHaveLength(sent);
    await vi.advanceTimersByTimeAsync((pauseMs / 4) * 3);
    await waitFor(() => expect(service.offsets.length).toBeGreaterThan(sent));
  }
  expect(await screen.findByText("Uploaded.")).toBeVisible();
  expect(service.offsets).toEqual([0, 0, 0, 0, 10, 20, 30]);
  expect(begun(service)).toBe(1);
});

test("a network that is back is used at once", async () => {
  const service = new TusService();
  const { user } = await library();
  service.faults.push(0);
  await user.upload(input(), picture());
  await screen.findByText(/tried again by itself/);
  window.dispatchEvent(new Event("online"));
  await waitFor(() => expect(screen.getByText("Uploaded.")).toBeVisible(), { timeout: 500 });
});

test("a server that stays busy is given up, and asked once more by hand", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  const service = new TusService();
  const { user } = await library();
  service.faults.push(503, 503, 503, 503, 503, 503);
  await user.upload(input(), picture());
  for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 16_000]) {
    const sent = service.offsets.length;
    await vi.advanceTimersByTimeAsync(pauseMs);
    await waitFor(() => expect(service.offsets.length).toBeGreaterThan(sent));
  }
  expect(await screen.findByRole("alert")).toHaveTextContent("The server is busy.");
  await user.click(screen.getByRole("button", { name: "Upload a.png again" }));
  expect(await screen.findByText("Uploaded.")).toBeVisible();
});

test("a file that the server refuses is told why, and not sent again", async () => {
  const service = new TusService();
  const { user } = await library();
  service.faults.push(422);
  await user.upload(input(), picture());
  expect(await screen.findByRole("alert")).toHaveTextContent("The file is damaged or cannot be read.");
  expect(screen.queryByRole("button", { name: "Upload a.png again" })).toBeNull();
  expect(localStorage.getItem("uploads")).toBeNull();
});

test("what was cancelled is taken back from the server", async () => {
  const service = new TusService();
  const { user } = await library();
  service.hold();
  await user.upload(input(), picture());
  await waitFor(() => expect(service.offsets).toEqual([0]));
  await user.click(screen.getByRole("button", { name: "Cancel the upload of a.png" }));
  expect(await screen.findByText("Cancelled.")).toBeVisible();
  await waitFor(() => expect(service.uploads.size).toBe(0));
  expect(localStorage.getItem("uploads")).toBeNull();
});

test("after a reload it goes on with the same file and no other, from where the server stands", async () => {
  const service = new TusService();
  const first = await library();
  service.hold();
  await first.user.upload(input(), picture());
  await waitFor(() => expect(service.offsets).toEqual([0]));
  const kept = localStorage.getItem("uploads") ?? "";
  expect(kept).toContain("a.png");
  expect(kept).not.toContain("token-1");
  // Another person sees nothing of it, and the page forgets what it held.
  signedIn(tokenOf(bob));
  await waitFor(() => expect(screen.queryByText("a.png")).toBeNull());
  const url = [...service.uploads.keys()][0] ?? "";
  service.uploads.set(url, { length: 40, bytes: 20, mediaId: null });
  service.release();
  signedIn(tokenOf(ada));
  expect(await screen.findByText("Not finished. Choose the same file again to go on.")).toBeVisible();
  expect(await screen.findByText("50%")).toBeVisible();

  const again = screen.getByLabelText("Choose a.png again");
  await first.user.upload(again, picture("a.png", 1));
  expect(await screen.findByRole("alert")).toHaveTextContent(/another file/);
  await first.user.upload(again, picture());
  expect(await screen.findByText("Uploaded.")).toBeVisible();
  expect(service.offsets).toEqual([0, 20, 30]);
  expect(begun(service)).toBe(1);
  expect(localStorage.getItem("uploads")).toBeNull();
});

test("the same file among others that are dropped or chosen goes on too", async () => {
  const service = new TusService();
  const { user } = await library();
  service.hold();
  await user.upload(input(), picture());
  await waitFor(() => expect(service.offsets).toEqual([0]));
  signedIn(tokenOf(bob));
  service.release();
  signedIn(tokenOf(ada));
  await screen.findByText("Not finished. Choose the same file again to go on.");
  await user.upload(input(), [picture("b.png"), picture()]);
  await waitFor(() => expect(screen.getAllByText("Uploaded.")).toHaveLength(2));
  expect(begun(service)).toBe(2);
});

test("an upload that the server has given up is not offered any more", async () => {
  new TusService();
  const gone = {
    ...{ key: "k", owner: ada.id, name: "old.png", bytes: 40, fingerprint: "x" },
    url: "/api/v1/uploads/00000000-0000-7000-8000-000000000042",
  };
  // An address of somebody else's never gets a request with a token.
  const foreign = { ...gone, key: "f", name: "foreign.png", url: "https://evil.example/x" };
  localStorage.setItem("uploads", JSON.stringify([gone, foreign]));
  signedIn(tokenOf(bob));
  signedIn(tokenOf(ada));
  await library();
  await waitFor(() => expect(screen.queryByText("old.png")).toBeNull());
  expect(screen.queryByText("foreign.png")).toBeNull();
});

test("a recording that is too long is refused before it is sent", async () => {
  const service = new TusService();
  vi.spyOn(HTMLMediaElement.prototype, "canPlayType").mockReturnValue("maybe");
  vi.spyOn(HTMLMediaElement.prototype, "duration", "get").mockReturnValue(1300);
  vi.spyOn(HTMLMediaElement.prototype, "src", "set").mockImplementation(function (this: HTMLMediaElement) {
    queueMicrotask(() => this.dispatchEvent(new Event("loadedmetadata")));
  });
  vi.stubGlobal(
    "URL",
    Object.assign(URL, { createObjectURL: () => "blob:x", revokeObjectURL: () => undefined }),
  );
  const { user } = await library();
  await user.upload(input(), new File(["ID3 and sound"], "long.mp3", { type: "audio/mpeg" }));
  expect(await screen.findByText("The recording is too long. At most 20:00.")).toBeVisible();
  expect(begun(service)).toBe(0);
});

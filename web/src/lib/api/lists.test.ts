import { expect, test } from "vitest";
import { answerRequests } from "@/testing/answers";
import { ada, tokenOf } from "@/testing/people";
import { expectRows, HEAD, type Pages, refreshLists, withHead } from "./lists";
import { createQueryClient, type Media, mediaListQuery } from "./queries";
import { signedIn } from "./session";

const row = (id: string) => ({ id }) as Media;
const pagesOf = (...parts: string[][]): Pages => ({
  pages: parts.map((ids, n) => ({
    items: ids.map(row),
    nextCursor: n + 1 < parts.length ? `c${n + 1}` : null,
  })),
  pageParams: parts.map((_, n) => (n === 0 ? null : `c${n}`)),
});
const ids = ({ pages }: Pages) => pages.flatMap(({ items }) => items.map(({ id }) => id)).join("");

test("new rows come on top, deleted ones go, and what was read below stays", () => {
  const old = pagesOf(["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"]);
  const head: Pages = {
    pages: [
      { items: [row("x"), row("a")], nextCursor: "n1" },
      { items: [row("c"), row("d")], nextCursor: "n2" },
    ],
    pageParams: [null, "n1"],
  };
  const merged = withHead(old, head);
  expect(ids(merged)).toBe("xacdefgh");
  expect(merged.pageParams).toEqual([null, "n1", "n2"]);
  expect(merged.pages.at(-1)?.nextCursor).toBeNull();
});

test("a list that has become short, or another one altogether, is what the server says", () => {
  const old = pagesOf(["a", "b"], ["c", "d"]);
  expect(ids(withHead(old, pagesOf(["a"])))).toBe("a");
  const other: Pages = { pages: [{ items: [row("y"), row("z")], nextCursor: "n1" }], pageParams: [null] };
  expect(ids(withHead(old, other))).toBe("yz");
});

test("a list that was read far down costs a few requests, not one for each part", async () => {
  signedIn(tokenOf(ada));
  const client = createQueryClient();
  const { queryKey } = mediaListQuery();
  client.setQueryData(queryKey, pagesOf(...Array.from({ length: 200 }, (_, n) => [`${n},`])));
  const requests = answerRequests({
    "GET /api/v1/media": ({ url }) => {
      const n = Number(new URL(url).searchParams.get("cursor")?.slice(1) ?? 0);
      return { status: 200, body: { items: [row(n === 0 ? "new," : `${n - 1},`)], nextCursor: `c${n + 1}` } };
    },
  });
  await refreshLists(client);
  expect(requests).toHaveLength(HEAD);
  const shown = client.getQueryData<Pages>(queryKey);
  expect(shown && ids(shown)).toBe(`new,${Array.from({ length: 200 }, (_, n) => `${n},`).join("")}`);
});

test("rows that are put back come into lists that are still there, not into forgotten ones", async () => {
  const client = createQueryClient();
  const { queryKey } = mediaListQuery();
  client.setQueryData(queryKey, pagesOf(["a", "b"]));
  const putBack = await expectRows(client, ["a", "b"], () => null);
  putBack("b");
  const shown = client.getQueryData<Pages>(queryKey);
  expect(shown && ids(shown)).toBe("b");
  // As when somebody has signed out.
  client.clear();
  putBack("a");
  expect(client.getQueryData(queryKey)).toBeUndefined();
});

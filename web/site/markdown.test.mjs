// @vitest-environment node
import { describe, expect, it } from "vitest";
import { render } from "./markdown.mjs";

const places = new Map([
  ["docs/index.md", "index.html"],
  ["docs/api.md", "api.html"],
  ["docs/decisions/README.md", "decisions/index.html"],
  ["README.md", "readme.html"],
]);
const page = (text, source = "docs/index.md") => ({
  source,
  place: places.get(source),
  title: "A page",
  text,
});
const html = (text, source) => render(page(text, source), places).html;

describe("links", () => {
  it("lead from page to page, with their anchors, also out of docs/ and into folders", () => {
    expect(html("[a](api.md#who-you-are)")).toContain('href="api.html#who-you-are"');
    expect(html("[a](../README.md)")).toContain('href="readme.html"');
    expect(html("[a](decisions/)")).toContain('href="decisions/index.html"');
    expect(html("[a](../api.md)", "docs/decisions/README.md")).toContain('href="../api.html"');
    expect(html("[a](https://example.org/x)")).toContain('href="https://example.org/x"');
  });

  it("to files of the repository become words, and to nothing are faults", () => {
    expect(html("[the licence](../LICENSE)")).toContain('<span class="source">the licence</span>');
    expect(render(page("[a](nowhere.md)"), places).faults).toEqual([
      "docs/index.md: nowhere.md leads nowhere",
    ]);
    expect(render(page("![a](nowhere.svg)"), places).faults).toHaveLength(1);
    expect(render(page("![](diagrams/live.svg)"), places).faults[0]).toMatch(/no words/);
  });
});

it("headings have the anchors that GitHub gives them, the second of a name another one", () => {
  const { headings } = render(page("# Top\n\n## Is it `well`?\n\n## Limits\n\n## Limits"), places);
  expect(headings.map(({ id }) => id)).toEqual(["top", "is-it-well", "limits", "limits-1"]);
});

it("what is written in a page stays text", () => {
  expect(html('a <script>alert(1)</script> "b"')).not.toContain("<script>");
  expect(html("```sh\n<b>&\n```")).toContain("&lt;b&gt;&amp;");
});

it("nothing needs an inline script or style, diagrams included", () => {
  const made = html(
    "![The way of an event](diagrams/live.svg)\n\n| a |\n|---|\n| b |\n\n```diff file=x\n-a\n+b\n```",
  );
  expect(made).toContain("<svg");
  expect(made).not.toMatch(/<style|<script|\sstyle=|\son\w+=/);
});

import { screen, within } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { show } from "@/testing/render";
import { Chart } from "./Chart";

vi.mock("uplot", () => import("@/testing/uplot"));

beforeEach(() => {
  vi.stubGlobal("matchMedia", () => ({ addEventListener() {}, removeEventListener() {} }));
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe() {}
      disconnect() {}
    },
  );
});

test("what a chart shows is a sentence, and a table for those who want the figures", async () => {
  const { user } = show(
    <Chart
      title="Response time"
      summary="Three looks, 20 ms on average."
      x={[1, 2, 3]}
      labelX="Time"
      series={[{ label: "Answered", values: [10, null, 30] }]}
      formatX={(x) => `${x} s`}
      formatY={(y) => `${y} ms`}
    />,
  );
  expect(screen.getByText("Three looks, 20 ms on average.")).toBeVisible();
  expect(screen.queryByRole("table")).toBeNull();
  await user.click(screen.getByText("Show the figures as a table"));
  const table = await screen.findByRole("table", { name: "Response time" });
  const rows = within(table).getAllByRole("row");
  expect(rows.map((row) => row.textContent)).toEqual(["TimeAnswered", "1 s10 ms", "2 s–", "3 s30 ms"]);
});

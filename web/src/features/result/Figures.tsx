import { useState } from "react";
import { useFormat } from "@/lib/format";
import { useWords } from "@/lib/words/words";
import { Table } from "@/ui/Table";
import type { Series } from "./reduce";

/** Rows of one series; a longer one is thinned. */
const MOST_ROWS = 200;

/** The scores of a track as a table, for those who do not see the lines. */
export function Figures({ model, series }: { model: string; series: readonly Series[] }) {
  const { common, result } = useWords();
  const { timeline } = result;
  const format = useFormat();
  const [open, setOpen] = useState(false);
  if (series.length === 0) return null;
  const rows = series.flatMap(({ of, marks }) => {
    const step = Math.ceil(marks.length / MOST_ROWS);
    return marks.filter((_, row) => row % step === 0).map((mark) => ({ of, ...mark }));
  });
  return (
    <details className="text-sm" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="link w-fit">{common.showAsTable}</summary>
      {open && (
        <div className="max-h-64 overflow-y-auto">
          <Table
            caption={timeline.figures(model)}
            rows={rows}
            rowKey={({ of, startMs }) => `${of} ${startMs}`}
            columns={[
              {
                key: "time",
                header: timeline.time,
                cell: ({ of, startMs }) =>
                  `${series.length > 1 ? `${timeline.series[of]} ` : ""}${format.timecode(startMs, true)}`,
              },
              {
                key: "score",
                header: series.some(({ of }) => of === "mouth") ? timeline.openness : timeline.score,
                numeric: true,
                cell: ({ score }) => format.percent(score),
              },
            ]}
          />
        </div>
      )}
    </details>
  );
}

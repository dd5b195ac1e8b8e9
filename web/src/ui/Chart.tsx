import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import { onColoursChange, tokenColour } from "@/lib/theme";
import { useWords } from "@/lib/words/words";
import { Table } from "./Table";
import "uplot/dist/uPlot.min.css";

interface Series {
  label: string;
  values: readonly (number | null)[];
  /** A token such as `--series-2`; by order when left out. */
  colour?: `--${string}`;
}

interface ChartProps {
  /** What is drawn; the caption. */
  title: string;
  /** What a person would read off it, in a sentence: the text alternative. */
  summary: string;
  x: readonly number[];
  /** What the level axis is, such as "Time". */
  labelX: string;
  series: readonly Series[];
  formatX: (x: number) => string;
  formatY: (y: number) => string;
  /** Fixed ends of the upright axis. */
  range?: readonly [number, number];
  height?: number;
}

const DASHES: (number[] | undefined)[] = [undefined, [6, 3], [2, 3], [10, 3, 2, 3]];
/** Pixels between two marks of the level axis, so that times of a day do not touch. */
const X_SPACE = 100;
/** Rows of the table; a longer chart is thinned for it. */
const MOST_ROWS = 200;

/** Lines over a common axis, with a sentence and a table for those who do not see them. */
export function Chart(props: ChartProps) {
  const words = useWords();
  const [open, setOpen] = useState(false);
  return (
    <figure>
      <figcaption className="plate mb-2">{props.title}</figcaption>
      <Lines {...props} />
      <p className="mt-2 text-sm text-ink-soft">{props.summary}</p>
      <details className="mt-1 text-sm" onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className="link w-fit">{words.common.showAsTable}</summary>
        {open && <Figures {...props} />}
      </details>
    </figure>
  );
}

function Figures({ title, x, labelX, series, formatX, formatY }: ChartProps) {
  const step = Math.ceil(x.length / MOST_ROWS);
  const rows = x.map((_, row) => row).filter((row) => row % step === 0);
  const value = (values: Series["values"], row: number) => {
    const number = values[row];
    return typeof number === "number" ? formatY(number) : "–";
  };
  return (
    <Table
      caption={title}
      rows={rows}
      rowKey={(row) => row}
      columns={[
        { key: "x", header: labelX, cell: (row) => formatX(x[row] ?? 0) },
        ...series.map(({ label, values }) => ({
          key: label,
          header: label,
          numeric: true,
          cell: (row: number) => value(values, row),
        })),
      ]}
    />
  );
}

function Lines(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const plot = useRef<uPlot | null>(null);
  // What needs another chart; figures alone are only set.
  const shape = `${props.series.map(({ label }) => label).join("|")} ${props.height} ${props.range}`;
  useEffect(() => {
    const element = place.current;
    if (!element || !shape) return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(latest, element.clientWidth), data(latest.current), element);
    };
    draw();
    const observer = new ResizeObserver(() => {
      plot.current?.setSize({ width: element.clientWidth, height: latest.current.height ?? 200 });
    });
    observer.observe(element);
    const unsubscribe = onColoursChange(draw);
    return () => {
      unsubscribe();
      observer.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => {
    plot.current?.setData(data({ x: props.x, series: props.series }));
  }, [props.x, props.series]);
  return <div ref={place} aria-hidden className="min-w-0" />;
}

function data({ x, series }: Pick<ChartProps, "x" | "series">): uPlot.AlignedData {
  return [x as number[], ...series.map(({ values }) => values as (number | null)[])];
}

function options(latest: { current: ChartProps }, width: number): uPlot.Options {
  const { series, labelX, range, height = 200 } = latest.current;
  const axis = { stroke: tokenColour("--ink-soft"), grid: { stroke: tokenColour("--line"), width: 1 } };
  const ticks = { ...axis, ticks: { stroke: tokenColour("--line") } };
  return {
    width,
    height,
    cursor: { y: false },
    scales: { x: { time: false }, ...(range ? { y: { range: [...range] as [number, number] } } : {}) },
    axes: [
      { ...ticks, space: X_SPACE, values: (_, marks) => marks.map((mark) => latest.current.formatX(mark)) },
      { ...ticks, size: 60, values: (_, marks) => marks.map((mark) => latest.current.formatY(mark)) },
    ],
    series: [
      { label: labelX, value: (_, x) => (x === null ? "–" : latest.current.formatX(x)) },
      ...series.map(({ label, colour }, index) => ({
        label,
        stroke: tokenColour(colour ?? `--series-${(index % DASHES.length) + 1}`),
        width: 2,
        dash: DASHES[index % DASHES.length] ?? [],
        points: { show: false },
        value: (_: uPlot, y: number | null) => (y === null ? "–" : latest.current.formatY(y)),
      })),
    ],
  };
}

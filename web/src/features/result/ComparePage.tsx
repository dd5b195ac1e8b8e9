import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearchParams } from "react-router";
import { useTitleOf } from "@/lib/api/models";
import { ApiProblem } from "@/lib/api/problem";
import { type Analysis, type MediaDetail, mediaQuery, type Run } from "@/lib/api/queries";
import { useFormat } from "@/lib/format";
import { useWords } from "@/lib/words/words";
import { StatusBadge, VerdictBadge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Card, Facts } from "@/ui/Card";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Input";
import { PageHeader } from "@/ui/PageHeader";
import { FourStates } from "@/ui/states";
import { Table } from "@/ui/Table";
import { NoSuchFile } from "./ResultPage";

export function ComparePage() {
  const { id = "" } = useParams();
  const { runs } = useWords().result;
  const query = useQuery(mediaQuery(id));
  if (query.error && ApiProblem.from(query.error).status === 404) return <NoSuchFile />;
  return (
    <>
      <PageHeader
        title={runs.compare}
        detail={query.data?.filename}
        actions={
          <Button asChild>
            <Link to={`/media/${id}`}>{runs.back}</Link>
          </Button>
        }
      />
      <FourStates
        query={query}
        isEmpty={(medium) => medium.runs.length < 2}
        empty={<p className="text-ink-soft">{runs.needTwo}</p>}
      >
        {(medium) => <Choice medium={medium} />}
      </FourStates>
    </>
  );
}

function Choice({ medium }: { medium: MediaDetail }) {
  const { runs } = useWords().result;
  const [search, setSearch] = useSearchParams();
  const find = (key: string, fallback: Run | undefined) =>
    medium.runs.find(({ id }) => id === search.get(key)) ?? fallback;
  // Newest first: the earlier one stands on the left.
  const [a, b] = [find("a", medium.runs[1]), find("b", medium.runs[0])];
  if (!a || !b) return null;
  const choose = (key: "a" | "b", label: string, value: Run) => (
    <Field label={label}>
      {(control) => (
        <Select
          {...control}
          value={value.id}
          onChange={(event) => setSearch({ a: a.id, b: b.id, [key]: event.target.value }, { replace: true })}
        >
          {medium.runs.map((run) => (
            <option key={run.id} value={run.id}>
              {runs.run(run.runNumber)}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4 sm:grid-cols-[repeat(2,minmax(0,1fr))]">
        {choose("a", runs.first, a)}
        {choose("b", runs.second, b)}
        <Side run={a} />
        <Side run={b} />
      </div>
      {a.verdict && b.verdict && (
        <p role="status" className="text-lg">
          {a.verdict.prediction === b.verdict.prediction ? runs.same : runs.differs}
        </p>
      )}
      <Card>
        <Models a={a} b={b} />
      </Card>
    </div>
  );
}

function Side({ run }: { run: Run }) {
  const { runs } = useWords().result;
  const format = useFormat();
  return (
    <Card title={runs.run(run.runNumber)} actions={<StatusBadge status={run.status} />}>
      <Facts
        items={[
          [
            runs.verdict,
            <VerdictBadge
              key="verdict"
              verdict={run.verdict?.prediction}
              probability={run.verdict?.probability ?? null}
            />,
          ],
          [runs.begun, format.dateTime(run.startedAt ?? run.createdAt)],
        ]}
      />
    </Card>
  );
}

function Models({ a, b }: { a: Run; b: Run }) {
  const { runs } = useWords().result;
  const format = useFormat();
  const titleOf = useTitleOf();
  const names = [...new Set([...a.analyses, ...b.analyses].map(({ modelName }) => modelName))].sort();
  const rows = names.map((name) => {
    const [first, second] = [a, b].map((run) => run.analyses.find(({ modelName }) => modelName === name));
    return { name, first, second };
  });
  return (
    <Table
      caption={runs.compareTitle(a.runNumber, b.runNumber)}
      rows={rows}
      rowKey={({ name }) => name}
      columns={[
        { key: "model", header: runs.model, cell: ({ name }) => <span lang="en">{titleOf(name)}</span> },
        { key: "a", header: runs.run(a.runNumber), cell: ({ first }) => <Said analysis={first} /> },
        { key: "b", header: runs.run(b.runNumber), cell: ({ second }) => <Said analysis={second} /> },
        {
          key: "change",
          header: runs.change,
          numeric: true,
          cell: ({ first, second }) => {
            const [from, to] = [first?.probability, second?.probability];
            if (typeof from !== "number" || typeof to !== "number") return "–";
            return `${to > from ? "+" : ""}${format.percent(to - from)}`;
          },
        },
      ]}
    />
  );
}

function Said({ analysis }: { analysis: Analysis | undefined }) {
  const { runs } = useWords().result;
  if (!analysis) return <span className="text-ink-soft">{runs.missing}</span>;
  return (
    <span className="grid justify-items-start gap-1">
      {analysis.status === "COMPLETED" ? (
        <VerdictBadge verdict={analysis.prediction} probability={analysis.probability ?? null} />
      ) : (
        <StatusBadge status={analysis.status} />
      )}
      {analysis.modelVersion && (
        <span className="text-ink-soft">
          {runs.version} {analysis.modelVersion}
        </span>
      )}
    </span>
  );
}

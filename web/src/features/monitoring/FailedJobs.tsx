import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "@/lib/api/client";
import type { components } from "@/lib/api/schema";
import { useFormat } from "@/lib/format";
import { useWords } from "@/lib/words/words";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Pagination } from "@/ui/Pagination";
import { ErrorNotice, FourStates } from "@/ui/states";
import { Table } from "@/ui/Table";
import { toast } from "@/ui/Toast";
import { failedJobsQuery } from "./queries";

export function FailedJobs() {
  const { monitoring, common } = useWords();
  const format = useFormat();
  const client = useQueryClient();
  const jobs = useInfiniteQuery(failedJobsQuery);
  const retry = useMutation({
    mutationFn: (id: string) =>
      answer(api.POST("/api/v1/monitoring/failed-jobs/{id}/retry", { params: { path: { id } } })),
    onSuccess: () => toast(monitoring.retried),
    onSettled: () => client.invalidateQueries({ queryKey: ["monitoring"] }),
  });
  return (
    <Card title={monitoring.failedJobs}>
      {retry.error && <ErrorNotice error={retry.error} />}
      <FourStates
        query={jobs}
        isEmpty={({ pages }) => pages.every(({ items }) => items.length === 0)}
        empty={<p>{monitoring.noFailedJobs}</p>}
      >
        {({ pages }) => (
          <Table
            caption={monitoring.failedJobs}
            rows={pages.flatMap(({ items }) => items)}
            rowKey={({ id }) => id}
            columns={[
              { key: "stage", header: monitoring.stage, cell: ({ name }) => monitoring.stages[name] ?? name },
              { key: "model", header: monitoring.model, cell: ({ modelName }) => modelName ?? "–" },
              { key: "reason", header: monitoring.reason, cell: (job) => <Why job={job} /> },
              { key: "tries", header: monitoring.attempts, numeric: true, cell: ({ attempts }) => attempts },
              {
                key: "when",
                header: monitoring.when,
                cell: ({ failedAt }) => (failedAt ? format.dateTime(failedAt) : "–"),
              },
              {
                key: "actions",
                header: <span className="sr-only">{monitoring.actions}</span>,
                numeric: true,
                cell: ({ id }) => (
                  <Button size="small" disabled={retry.isPending} onClick={() => retry.mutate(id)}>
                    {common.retry}
                  </Button>
                ),
              },
            ]}
          />
        )}
      </FourStates>
      {jobs.hasNextPage && (
        <Pagination hasMore busy={jobs.isFetchingNextPage} onMore={() => void jobs.fetchNextPage()} />
      )}
    </Card>
  );
}

/** Why in one's own language where the kind of error is known, and what is particular in the server's words (English). */
function Why({ job: { code, reason } }: { job: components["schemas"]["FailedJob"] }) {
  const { errors } = useWords().result;
  const known = code ? errors[code] : undefined;
  return (
    <>
      {known}
      <span lang="en" className={known ? "block text-ink-soft" : undefined}>
        {reason}
      </span>
    </>
  );
}

import { useWords } from "@/lib/words/words";
import { PageHeader } from "@/ui/PageHeader";
import { FailedJobs } from "./FailedJobs";
import { Queue } from "./Queue";
import { Servers } from "./Servers";
import { Users } from "./Users";

export function MonitoringPage() {
  const { monitoring } = useWords();
  return (
    <>
      <PageHeader title={monitoring.title} />
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
        <Queue />
        <Servers />
        <FailedJobs />
        <Users />
      </div>
    </>
  );
}

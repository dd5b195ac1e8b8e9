import { useWords } from "@/lib/words/words";
import { PageHeader } from "@/ui/PageHeader";

export function Component() {
  return <PageHeader title={useWords().monitoring.title} />;
}

import { RotateCw, Unplug } from "lucide-react";
import { useWords } from "@/lib/words/words";
import { Button } from "@/ui/Button";
import { useTitle } from "@/ui/PageHeader";
import { EmptyState } from "@/ui/states";

/** Instead of a page that threw, or whose code could not be fetched (after an update, or offline). */
export function Crash() {
  const { crash } = useWords().common;
  useTitle(crash.title);
  return (
    <div role="alert" className="mx-auto max-w-2xl p-4">
      <EmptyState icon={Unplug} title={crash.title} detail={crash.detail}>
        <Button icon={RotateCw} onClick={() => location.reload()}>
          {crash.reload}
        </Button>
      </EmptyState>
    </div>
  );
}

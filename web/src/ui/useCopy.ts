import { copy } from "@/lib/copy";
import { useWords } from "@/lib/words/words";
import { toast } from "./Toast";

/** Copies a text and says whether it went; `failed` is what to do where the browser refuses. */
export function useCopy(): (text: string, failed: string) => void {
  const { common } = useWords();
  return (text, failed) =>
    void copy(text).then(
      () => toast(common.copied),
      () => toast(failed, "failed"),
    );
}

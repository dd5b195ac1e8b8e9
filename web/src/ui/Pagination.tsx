import { useWords } from "@/lib/words/words";
import { Button } from "./Button";

interface PaginationProps {
  hasMore: boolean;
  busy: boolean;
  onMore: () => void;
}

/** Further parts of a list that is read by cursor: there is no number of pages, only more or the end. */
export function Pagination({ hasMore, busy, onMore }: PaginationProps) {
  const words = useWords();
  return (
    <div className="grid justify-items-center py-4">
      {hasMore ? (
        <Button busy={busy} onClick={onMore}>
          {words.common.showMore}
        </Button>
      ) : (
        <p className="text-sm text-ink-soft">{words.common.endOfList}</p>
      )}
    </div>
  );
}

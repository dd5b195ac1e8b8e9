import { useEffect, useRef } from "react";
import { useWords } from "@/lib/words/words";
import { Button } from "./Button";

interface PaginationProps {
  hasMore: boolean;
  busy: boolean;
  onMore: () => void;
  /** Asks for more by itself when the end of the list comes near; the button stays. */
  whenSeen?: boolean;
}

/** Further parts of a list that is read by cursor: there is no number of pages, only more or the end. */
export function Pagination({ hasMore, busy, onMore, whenSeen = false }: PaginationProps) {
  const words = useWords();
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(onMore);
  latest.current = onMore;
  useEffect(() => {
    const element = place.current;
    if (!whenSeen || !hasMore || busy || !element || typeof IntersectionObserver === "undefined") return;
    const observer = new IntersectionObserver(
      (entries) => entries.some(({ isIntersecting }) => isIntersecting) && latest.current(),
      { rootMargin: "1200px" },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [whenSeen, hasMore, busy]);
  return (
    <div ref={place} className="grid justify-items-center py-4">
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

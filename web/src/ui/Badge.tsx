import {
  Ban,
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CircleX,
  Clock,
  LoaderCircle,
  type LucideIcon,
  ScanSearch,
  TriangleAlert,
} from "lucide-react";
import type { ReactNode } from "react";
import type { Analysis, Prediction, RunStatus } from "@/lib/api/queries";
import { cx } from "@/lib/cx";
import { useFormat } from "@/lib/format";
import { useWords } from "@/lib/words/words";

type Tone = "plain" | "accent" | "fake" | "real" | "unsure" | "none" | "danger";

const TONES: Record<Tone, string> = {
  plain: "border border-line text-ink-soft",
  accent: "bg-accent-soft text-accent-strong",
  fake: "bg-fake-soft text-fake",
  real: "bg-real-soft text-real",
  unsure: "bg-unsure-soft text-unsure",
  none: "bg-none-soft text-none",
  danger: "bg-danger-soft text-danger",
};

interface BadgeProps {
  tone?: Tone;
  icon?: LucideIcon;
  spin?: boolean;
  large?: boolean;
  children: ReactNode;
}

export function Badge({ tone = "plain", icon: Icon, spin = false, large = false, children }: BadgeProps) {
  const size = large ? "gap-2 rounded-md px-3 py-1.5 text-lg" : "gap-1.5 rounded px-2 py-0.5 text-sm";
  return (
    <span className={cx("inline-flex items-center font-medium whitespace-nowrap", size, TONES[tone])}>
      {Icon && (
        <Icon aria-hidden className={cx("shrink-0", large ? "size-5" : "size-4", spin && "animate-spin")} />
      )}
      {children}
    </span>
  );
}

const STATUS: Record<RunStatus | Analysis["status"], [Tone, LucideIcon]> = {
  QUEUED: ["none", Clock],
  PENDING: ["none", Clock],
  PROCESSING: ["accent", LoaderCircle],
  ANALYZED: ["plain", CircleCheck],
  COMPLETED: ["plain", CircleCheck],
  PARTIALLY_ANALYZED: ["unsure", CircleAlert],
  FAILED: ["danger", CircleX],
  CANCELLED: ["none", Ban],
};

/** How far a medium, a run or an analysis is. */
export function StatusBadge({ status }: { status: RunStatus | Analysis["status"] }) {
  const words = useWords();
  const [tone, icon] = STATUS[status];
  return (
    <Badge tone={tone} icon={icon} spin={status === "PROCESSING"}>
      {words.common.status[status]}
    </Badge>
  );
}

const VERDICT: Record<Prediction, [Tone, LucideIcon]> = {
  FAKE: ["fake", TriangleAlert],
  REAL: ["real", ScanSearch],
  INCONCLUSIVE: ["unsure", CircleHelp],
  NOT_APPLICABLE: ["none", CircleDashed],
};

interface VerdictBadgeProps {
  /** Null while there is none. */
  verdict: Prediction | null | undefined;
  /** P(made or altered by AI), shown beside the word. */
  probability?: number | null;
  large?: boolean;
}

/** What is said of a file: an icon, a word and a colour, each of which is enough. */
export function VerdictBadge({ verdict, probability, large = false }: VerdictBadgeProps) {
  const words = useWords();
  const format = useFormat();
  if (!verdict) return <span className="text-sm text-ink-soft">{words.verdicts.none}</span>;
  const [tone, icon] = VERDICT[verdict];
  return (
    <Badge tone={tone} icon={icon} large={large}>
      {words.verdicts[verdict].label}
      {typeof probability === "number" && <span className="font-normal">{format.percent(probability)}</span>}
    </Badge>
  );
}

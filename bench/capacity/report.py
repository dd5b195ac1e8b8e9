"""Writes what was measured as a document. Measures nothing."""

from __future__ import annotations

from collections.abc import Sequence

from service.figures import number, percentile

from .cells import Cell, percent, rows, written
from .data import Measured
from .figures import ENOUGH, FULL, Table
from .stage import MODELS
from .words import COMMANDS, HEAD, LOAD, METHOD, ML, SOCKETS, UPLOADS

NOT_MEASURED = "not measured"
ROLES = {"api": "API server", "worker": "workers", "postgres": "PostgreSQL", "redis": "Redis", "ml": "simulated ML server"}


def document(measured: Measured) -> str:
    """The whole document; what was not measured is left out."""
    table = Table(measured.samples)
    parts = [HEAD, bullets([*measured.facts, *others(measured), duration(measured), *measured.notes.values()]), METHOD.format(models=MODELS, full=FULL * 100)]
    if table.of(part="workers"):
        grid = Cell(table, part="workers")
        parts += [*map(workers, reversed(list(grid.each("wait_ms")))), scaling(grid), roles(grid)]
    for name, section in {"ml": ml, "load": load, "uploads": uploads, "sockets": sockets}.items():
        if table.of(part=name):
            parts.append(section(Cell(table, part=name)))
    return "\n\n".join([*parts, COMMANDS]) + "\n"


def duration(measured: Measured) -> str:
    """How long measuring took."""
    parts = ", ".join(f"{name} {secs / 60:.1f}" for name, secs in measured.took_secs.items())
    return f"all of it took {sum(measured.took_secs.values()) / 60:.1f} minutes ({parts})"


def others(measured: Measured) -> list[str]:
    """How quiet the machine was."""
    cores = [float(sample["others_cores"]) for sample in measured.samples if "others_cores" in sample]
    middle, worst = (number(percentile(cores, share)) for share in (0.5, 1)) if cores else ("", "")
    return [f"other programs took {middle} cores in the middle of all samples, {worst} in the worst"] if cores else []


def workers(grid: Cell) -> str:
    """The grid of one simulated model."""
    lines = []
    for cell in grid.each("workers", "jobs"):
        per_sec = cell.spread("jobs_per_sec")
        lines.append(
            [
                f"{cell['workers']:.0f} × {cell['jobs']:.0f}",
                str(per_sec),
                cell.number("runs_per_sec"),
                written(cell.efficiency("workers")),
                percent(per_sec.middle / allowed(cell)),
                cell.ms("job"),
                cell.busy(),
                str(per_sec.rounds),
            ]
        )
    head = "workers × jobs | jobs/s | runs/s | efficiency | of what waiting allows | a job, p50 / p95 / p99, ms | machine busy | n"
    return f"## Workers, model that waits {grid['wait_ms']:.0f} ms\n\n{rows(head, lines)}"


def allowed(cell: Cell) -> float:
    """Jobs per second if nothing but the models took time."""
    return cell["workers"] * cell["jobs"] / cell["wait_ms"] * 1e3


def scaling(grid: Cell) -> str:
    """In words: where workers scale, and where the machine is full."""
    kept, missed, full = [], [], []
    for cell in grid.each("wait_ms", "jobs", "workers"):
        share = cell.efficiency("workers")
        if share is None:
            continue
        words = f"{cell['workers']:.0f} × {cell['jobs']:.0f} at {cell['wait_ms']:.0f} ms: {share.middle:.2f}"
        if cell.is_full:
            full.append(f"{words}, machine {percent(cell.middle('busy'))} busy, {cell.number('jobs_per_sec')} jobs/s")
        else:
            (kept if share.middle >= ENOUGH else missed).append(f"{words}, machine {percent(cell.middle('busy'))} busy")
    count = f"{len(kept)} of {len(kept) + len(missed)}"
    text = ["## Do workers scale?", f"Where the machine had something left, efficiency is {ENOUGH} or more in {count} settings."]
    text += [bullets(kept)] if kept else []
    text += ["Below it, with something left:", bullets(missed)] if missed else []
    text += ["Where the machine was full, the rate is the machine's:", bullets(full)] if full else []
    return "\n\n".join(text)


def bullets(lines: Sequence[str]) -> str:
    """A list."""
    return "\n".join(f"* {line}" for line in lines)


def roles(grid: Cell) -> str:
    """What each role takes, in the fastest setting that does not fill the machine and in the fastest of all."""
    cells = sorted(grid.each("wait_ms", "workers", "jobs"), key=lambda cell: cell.middle("jobs_per_sec"))
    free = [cell for cell in cells if not cell.is_full]
    shown = free[-1:] + [cell for cell in cells[-1:] if cell.is_full]
    return "\n\n".join(["## What a job costs", *map(costs, shown)])


def costs(cell: Cell) -> str:
    """What each role takes in one setting."""
    setting = f"{cell['workers']:.0f} workers × {cell['jobs']:.0f} jobs, model that waits {cell['wait_ms']:.0f} ms"
    lines = [[name, written(cell.spread(f"{key}_cpu_ms")), cell.number(f"{key}_cores"), cell.number(f"{key}_mib")] for key, name in ROLES.items()]
    table = rows("role | processor time of a job, ms | cores | memory, MiB", lines)
    return f"{setting}: {cell.number('jobs_per_sec')} jobs/s, the machine is {percent(cell.middle('busy'))} busy.\n\n{table}"


def ml(part: Cell) -> str:
    """ML servers."""
    lines = []
    for cell in part.each("lanes", "servers"):
        lanes = cell["servers"] * cell["lanes"]
        under_way = cell["workers"] * cell["jobs"]
        lines.append(
            [
                f"{cell['servers']:.0f} × {cell['lanes']:.0f}",
                number(under_way / lanes),
                number(max(1, under_way / lanes) * cell["wait_ms"]),
                cell.ms("job"),
                *(ml_rate(cell, lanes) if cell.has("jobs_per_sec") else [NOT_MEASURED] * 2),
                cell.busy(),
                str(cell.spread("busy").rounds),
            ]
        )
    head = (
        "ML servers × lanes | jobs under way for each lane | a job if no lane ever stood idle, ms | a job, p50 / p95 / p99, ms | jobs/s "
        "| efficiency | machine busy | n"
    )
    return f"{ML.format(**{name: part[name] for name in ('wait_ms', 'workers', 'jobs')})}\n\n{rows(head, lines)}"


def ml_rate(cell: Cell, lanes: float) -> list[str]:
    """Rate, and efficiency against one server."""
    per_sec = cell.spread("jobs_per_sec")
    return [f"{per_sec}, {percent(per_sec.middle / (lanes / cell['wait_ms'] * 1e3))} of what the lanes allow", written(cell.efficiency("servers"))]


def load(part: Cell) -> str:
    """Waiting at a load below the limit."""
    lines = []
    for cell in part.each("share"):
        rounds = str(cell.spread("runs_per_sec").rounds)
        lines.append([percent(cell["share"]), cell.number("runs_per_sec"), cell.ms("queue"), cell.ms("run"), cell.busy(), rounds])
    setting = {name: part[name] for name in ("workers", "jobs", "wait_ms")}
    words = LOAD.format(most=number(allowed(part) / MODELS), **setting)
    head = "load | runs/s | a job waits in the queue, p50 / p95 / p99, ms | a run from upload to verdict, p50 / p95 / p99, ms | machine busy | n"
    return f"{words}\n\n{rows(head, lines)}"


def uploads(part: Cell) -> str:
    """API servers that accept files."""
    lines = []
    for cell in part.each("apis"):
        per_sec = cell.spread("planned_per_sec")
        costs = [cell.number(key) for key in ("api_cpu_ms", "postgres_cpu_ms", "redis_cpu_ms", "api_mib")]
        rates = [str(per_sec), cell.number("uploads_per_sec")]
        lines.append([f"{cell['apis']:.0f}", *rates, cell.ms("upload"), *costs, cell.busy(), str(per_sec.rounds)])
    head = (
        "API servers | accepted and planned/s | answered/s | 202, p50 / p95 / p99, ms | API, CPU ms | PostgreSQL, CPU ms | Redis, CPU ms "
        "| API memory, MiB | machine busy | n"
    )
    return f"{UPLOADS}\n\n{rows(head, lines)}"


def sockets(part: Cell) -> str:
    """API servers with sockets."""
    lines = []
    for cell in part.each("apis", "sockets"):
        longest = number(cell.spread("event_longest_ms").highest)
        fast = cell.spread("deliveries_per_sec")
        connected = [f"{cell['apis']:.0f}", f"{cell['sockets']:,.0f}"]
        lines.append([*connected, cell.ms("event"), longest, str(fast), cell.number("api_mib"), cell.busy(), str(fast.rounds)])
    head = (
        "API servers | sockets | event on its way, p50 / p95 / p99, ms | longest, ms | most deliveries/s | API memory, MiB "
        "| machine busy at the steady pace | n"
    )
    return f"{SOCKETS}\n\n{rows(head, lines)}"

import type { Window } from './series.ts'
import type { Severity, Span } from './spans.ts'

/** A time in which something was regressed. */
export interface OpenTime extends Window {
  readonly severity: Severity
  /** So many regressions at most, at one time. */
  readonly count: number
}

interface Edge {
  readonly at: number
  readonly critical: number
  readonly warning: number
}

/** When regressions were open, and the worst of them, without overlaps. @param end what is open goes on until then */
export function openTimes (spans: readonly Span[], { from, to }: Window, end: number): OpenTime[] {
  const edges = spans.flatMap((span) => edgesOf(span, end)).sort((a, b) => a.at - b.at)
  const times: OpenTime[] = []
  let [critical, warning] = [0, 0]
  for (const [index, edge] of edges.entries()) {
    critical += edge.critical
    warning += edge.warning
    const start = Math.max(from, edge.at)
    const stop = Math.min(to, edges[index + 1]?.at ?? edge.at)
    if (critical + warning === 0 || stop <= start) continue
    const severity = critical > 0 ? 'critical' : 'warning'
    const last = times.at(-1)
    if (last?.to === start && last.severity === severity) {
      times[times.length - 1] = { ...last, to: stop, count: Math.max(last.count, critical + warning) }
    } else {
      times.push({ from: start, to: stop, severity, count: critical + warning })
    }
  }
  return times
}

function edgesOf ({ steps, to }: Span, end: number): Edge[] {
  const stop = to ?? end
  return steps.filter(({ at }) => at < stop).flatMap(({ at, severity }, index, shown) => {
    const [critical, warning] = severity === 'critical' ? [1, 0] : [0, 1]
    return [{ at, critical, warning }, { at: shown[index + 1]?.at ?? stop, critical: -critical, warning: -warning }]
  })
}

/** What is traced: one tick, a query to the source, an update that is put into the log, and its way to all clients. */
export type SpanName = 'tick' | 'query' | 'append' | 'fan-out'

export interface Span {
  /** Says more of it. */
  set (attributes: Readonly<Record<string, string | number | boolean>>): void
}

/** Who is told when something begins and ends. What is done within `work` belongs to its span. */
export interface Tracer {
  /** Settles as `work` does. */
  span<T> (name: SpanName, work: (span: Span) => Promise<T>): Promise<T>
}

const noSpan: Span = { set () {} }

/** Traces nothing. */
export const noTracer: Tracer = { span: (_name, work) => work(noSpan) }

import { queryOperations, type QueryStatistics } from '../source/measured-source.ts'
import type { SourceHealth } from '../source/source-health.ts'
import { counter, gauge, labelled, secondsHistogram, type Family } from './exposition.ts'

/** Whether the source answers, what it is asked and what that takes. */
export function sourceFamilies ({ report }: SourceHealth, statistics: QueryStatistics): Family[] {
  const { rows, bytes, ignored, outcomes, durations } = statistics
  return [
    gauge('popcast_source_up', 'Whether the source answered when it was last asked.', Number(report.healthy)),
    gauge('popcast_source_last_success_timestamp_seconds', 'When the source last answered; absent while it has not.',
      report.lastSuccess === null ? [] : report.lastSuccess / 1_000),
    counter('popcast_queries_total', 'Queries to the source.',
      queryOperations.flatMap((operation) => labelled('outcome', outcomes[operation], { operation }))),
    secondsHistogram('popcast_query_duration_seconds', 'How long queries took, also those that failed.',
      queryOperations.map((operation) => [{ operation }, durations[operation]])),
    counter('popcast_query_rows_total', 'Samples that were read.', rows),
    counter('popcast_query_bytes_total', 'Bytes of answers with samples.', bytes),
    counter('popcast_query_ignored_samples_total', 'Samples that are no finite number and were left out.', ignored)
  ]
}

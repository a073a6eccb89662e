import type { Histogram } from '../histogram.ts'

type Labels = Readonly<Record<string, string>>

export interface Sample {
  suffix?: string
  labels?: Labels
  value: number
}

/** All series of one name. */
export interface Family {
  name: string
  type: 'counter' | 'gauge' | 'histogram'
  help: string
  samples: readonly Sample[]
  /** Of a gauge: what several processes of one service have together; absent: it is the same in all of them. */
  over?: 'sum' | 'max' | 'min'
}

type Values = number | ReadonlyArray<readonly [labels: Labels, value: number]>

/** Of `text/plain; version=0.0.4`, which every Prometheus reads. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** @param name ends with `_total` */
export function counter (name: string, help: string, values: Values): Family {
  return { name, type: 'counter', help, samples: samplesOf(values) }
}

export function gauge (name: string, help: string, values: Values, over?: Family['over']): Family {
  return { name, type: 'gauge', help, samples: samplesOf(values), ...(over !== undefined && { over }) }
}

/** One of these is 1, the others are 0. */
export function stateSet (name: string, help: string, label: string, states: readonly string[], current: string): Family {
  return gauge(name, help, states.map((state) => [{ [label]: state }, Number(state === current)]))
}

/** Of durations that were counted in ms. */
export function secondsHistogram (
  name: string,
  help: string,
  histograms: Histogram | ReadonlyArray<readonly [labels: Labels, histogram: Histogram]>
): Family {
  const all = Array.isArray(histograms) ? histograms : [[{}, histograms]]
  const samples = (all as ReadonlyArray<readonly [Labels, Histogram]>).flatMap(([labels, histogram]) => {
    const { bounds, cumulative, count, sum } = histogram
    return [
      ...bounds.map((bound, index) =>
        ({ suffix: '_bucket', labels: { ...labels, le: String(bound / 1_000) }, value: cumulative[index] ?? 0 })),
      { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
      { suffix: '_sum', labels, value: sum / 1_000 },
      { suffix: '_count', labels, value: count }
    ]
  })
  return { name, type: 'histogram', help, samples }
}

/** Labels as the code that they stand for, in small letters as all others. */
export function labelled (label: string, counts: Iterable<readonly [string | number, number]>, others: Labels = {}) {
  return Array.from(counts, ([name, count]) => [{ ...others, [label]: String(name).toLowerCase() }, count] as const)
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
export function expose (families: Iterable<Family>): string {
  let text = ''
  for (const { name, type, help, samples } of families) {
    text += `# HELP ${name} ${help.replace(/[\\\n]/g, escape)}\n# TYPE ${name} ${type}\n`
    for (const { suffix = '', labels = {}, value } of samples) {
      text += `${name}${suffix}${labelsText(labels)} ${numberText(value)}\n`
    }
  }
  return text
}

function samplesOf (values: Values): Sample[] {
  return typeof values === 'number' ? [{ value: values }] : values.map(([labels, value]) => ({ labels, value }))
}

function labelsText (labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value.replace(/[\\\n"]/g, escape)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escape (character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`
}

function numberText (value: number): string {
  return Math.abs(value) === Infinity ? (value > 0 ? '+Inf' : '-Inf') : String(value)
}

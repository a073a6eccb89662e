/** One series of a scrape. */
export interface Series {
  name: string
  labels: Record<string, string>
  value: number
}

/** What a scrape says. */
export interface Scrape {
  series: Series[]
  /** Type by family. */
  types: Map<string, string>
  /** The value of the one series with at least these labels. @throws when there is not exactly one */
  value (name: string, labels?: Record<string, string>): number
}

const SERIES = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-z_]+)="((?:[^"\\]|\\.)*)"/g

/** Reads the text format, as far as it is used. @throws at a line that makes no sense */
export function readExposition (text: string): Scrape {
  const types = new Map<string, string>()
  const series: Series[] = []
  for (const line of text.trimEnd().split('\n')) {
    const [, family, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
    if (family !== undefined && type !== undefined) types.set(family, type)
    if (line.startsWith('#')) continue
    const [, name, labels = '', value] = SERIES.exec(line) ?? []
    if (name === undefined) throw new Error(`not a series: ${line}`)
    const pairs = Array.from(labels.matchAll(LABEL), ([, label, value = '']) =>
      [label, value.replace(/\\(.)/g, (_, escaped: string) => escaped === 'n' ? '\n' : escaped)])
    series.push({ name, labels: Object.fromEntries(pairs), value: value === '+Inf' ? Infinity : Number(value) })
  }
  return {
    series,
    types,
    value (name, wanted = {}) {
      const found = series.filter((one) =>
        one.name === name && Object.entries(wanted).every(([label, value]) => one.labels[label] === value))
      if (found.length !== 1) throw new Error(`${found.length} series of ${name} ${JSON.stringify(wanted)}`)
      return (found[0] as Series).value
    }
  }
}

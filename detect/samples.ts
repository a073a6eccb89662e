import type { Readable } from 'node:stream'
import { parse } from 'csv-parse'
import type { Sample } from './replay.ts'

const REQUIRED = ['time', 'pop_code', 'cold_start_time_ms'] as const
/** Integer times are told apart by their size: seconds, ms, us or ns since the epoch, as any database exports them. */
const LARGEST_SECONDS = 1e11
const LARGEST_MS = 1e14
const LARGEST_US = 1e17

/** A file that is no list of samples: where, and what was wrong. */
export class SamplesError extends Error {
  constructor (message: string) {
    super(message)
    this.name = 'SamplesError'
  }
}

/**
 * Reads CSV with a header that names at least `time`, `pop_code` and `cold_start_time_ms`, in any order; `function_name`
 * is used where there is one, further columns are ignored.
 * @throws {SamplesError} naming line and column
 */
export async function readSamples (input: Readable): Promise<Sample[]> {
  const samples: Sample[] = []
  const parser = input.pipe(parse({ columns: checkHeader, info: true, bom: true, skip_empty_lines: true, trim: true }))
  input.on('error', (error) => parser.destroy(error))
  try {
    for await (const { record, info } of parser) samples.push(toSample(record, info.lines))
  } catch (error) {
    if (error instanceof SamplesError) throw error
    throw new SamplesError((error as Error).message)
  }
  if (samples.length === 0) throw new SamplesError('there are no samples')
  return samples
}

function checkHeader (header: string[]): string[] {
  const missing = REQUIRED.filter((column) => !header.includes(column))
  if (missing.length > 0) {
    throw new SamplesError(`line 1: there is no column ${missing.join(', ')}; the header has ${header.join(', ')}`)
  }
  return header
}

function toSample (record: Record<string, string>, line: number): Sample {
  const { time: timeText = '', pop_code: pop = '', function_name: functionName = '', cold_start_time_ms: valueText = '' } = record
  const time = parseTime(timeText)
  if (Number.isNaN(time)) {
    throw new SamplesError(`line ${line}, time: ${JSON.stringify(timeText)} is neither ISO 8601 nor an integer since the epoch`)
  }
  if (pop === '') throw new SamplesError(`line ${line}, pop_code: it is empty`)
  const value = valueText === '' ? NaN : Number(valueText)
  if (!Number.isFinite(value)) {
    throw new SamplesError(`line ${line}, cold_start_time_ms: ${JSON.stringify(valueText)} is no number`)
  }
  return { time, pop, functionName, value }
}

/** @returns ms since the epoch, or NaN */
function parseTime (text: string): number {
  if (!/^-?\d+$/.test(text)) return Date.parse(text)
  const time = Number(text)
  const size = Math.abs(time)
  if (size < LARGEST_SECONDS) return time * 1_000
  if (size < LARGEST_MS) return time
  return size < LARGEST_US ? time / 1_000 : time / 1_000_000
}

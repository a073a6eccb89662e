import { SourceError } from '../source-error.ts'

/** Takes one row of a table, by the index of its columns. */
export type TakeFields = (fields: readonly string[]) => void

/** @param types of the columns, as `#datatype` names them */
export type OpenTable = (columns: readonly string[], types: readonly string[]) => TakeFields

/**
 * Reads annotated CSV line by line: https://docs.influxdata.com/influxdb/v2/reference/syntax/annotated-csv/. Each
 * table may have other columns and types than the one before it.
 */
export class FluxTables {
  readonly #open: OpenTable
  #types: readonly string[] = []
  #row: TakeFields | null = null
  /** The beginning of a record with a line break inside of quotes. */
  #record = ''

  constructor (open: OpenTable) {
    this.#open = open
  }

  /** @throws {SourceError} when the line is of a table that tells of a failure */
  line (line: string): void {
    if (this.#record === '' && !line.includes('"')) return this.#take(line, line.split(','))
    this.#record += this.#record === '' ? line : `\n${line}`
    const fields = csvFields(this.#record)
    if (fields === null) return
    const record = this.#record
    this.#record = ''
    this.#take(record, fields)
  }

  #take (line: string, fields: readonly string[]): void {
    if (line === '') this.#row = null
    else if (line.startsWith('#')) {
      this.#row = null
      if (fields[0] === '#datatype') this.#types = fields
    } else if (this.#row !== null) this.#row(fields)
    else this.#row = this.#header(fields)
  }

  #header (columns: readonly string[]): TakeFields {
    // A script that fails after the first byte of the answer says so in a table of its own, under a status of 200.
    if (columns.includes('error') && !columns.includes('_value')) {
      return (fields) => {
        throw new SourceError('bad_answer', `the script failed: ${fields[columns.indexOf('error')] ?? ''}`)
      }
    }
    return this.#open(columns, this.#types)
  }
}

/** The fields of one record (RFC 4180); null while a quoted one is not complete. */
function csvFields (record: string): string[] | null {
  const fields: string[] = []
  let start = 0
  for (;;) {
    if (record[start] !== '"') {
      const end = record.indexOf(',', start)
      if (end === -1) return [...fields, record.slice(start)]
      fields.push(record.slice(start, end))
      start = end + 1
    } else {
      let end = record.indexOf('"', start + 1)
      while (end !== -1 && record[end + 1] === '"') end = record.indexOf('"', end + 2)
      if (end === -1) return null
      fields.push(record.slice(start + 1, end).replaceAll('""', '"'))
      if (end + 1 >= record.length) return fields
      start = end + 2
    }
  }
}

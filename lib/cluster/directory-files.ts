import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { record, readRecord } from './record.ts'

/** What stands in a file by itself, replaced as a whole: what is there is either the one before or the new one. */
export async function replaceFile (path: string, content: Buffer): Promise<void> {
  const unfinished = `${path}.new`
  const file = await open(unfinished, 'w')
  try {
    await file.writeFile(content)
    // Before the name: else after a power failure the name may be there and the content not.
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(unfinished, path)
}

/** @returns null when there is none */
export async function readIfThere (path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** @returns null when it is not one record, whole */
export function onlyRecord (file: Buffer): string | null {
  const read = readRecord(file, 0)
  return read.kind === 'record' && read.end === file.length ? read.text : null
}

/** What is kept under names, each in a file of its own. */
export class KeptFiles {
  readonly #folder: string

  constructor (directory: string) {
    this.#folder = join(directory, 'kept')
  }

  async write (name: string, text: string | null): Promise<void> {
    const path = join(this.#folder, name)
    if (text === null) return await rm(path, { force: true })
    await mkdir(this.#folder, { recursive: true })
    await replaceFile(path, record(text))
  }

  /** What cannot be read is as if it were not there: all of it can be had from the source. */
  async read (): Promise<{ kept: Map<string, string>, unreadable: string[] }> {
    const kept = new Map<string, string>()
    const unreadable: string[] = []
    for (const name of await this.#names()) {
      const file = await readIfThere(join(this.#folder, name))
      const text = file === null ? null : onlyRecord(file)
      if (text === null) unreadable.push(name)
      else kept.set(name, text)
    }
    return { kept, unreadable }
  }

  async #names (): Promise<string[]> {
    try {
      return (await readdir(this.#folder)).filter((name) => !name.endsWith('.new'))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }
}

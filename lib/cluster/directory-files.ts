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

/** Of what is no file: no record either. */
const FOREIGN = Buffer.from('a directory\n')

/** @returns null when there is none */
export async function readIfThere (path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return null
    if (code === 'EISDIR') return FOREIGN
    throw error
  }
}

/** What is there is left to people to look at. */
export async function setAside (path: string, now: number): Promise<void> {
  const suffix = `.set-aside-${new Date(now).toISOString().replaceAll(':', '-')}`
  await rename(path, path + suffix).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

/** @returns null when it is not one record, whole */
export function onlyRecord (file: Buffer): string | null {
  const read = readRecord(file, 0)
  return read.kind === 'record' && read.end === file.length ? read.text : null
}

const FOLDER = 'kept'

/** What is kept under names, each in a file of its own. */
export class KeptFiles {
  readonly #folder: string

  constructor (directory: string) {
    this.#folder = join(directory, FOLDER)
  }

  async write (name: string, text: string | null): Promise<void> {
    const path = join(this.#folder, name)
    if (text === null) return await rm(path, { force: true })
    await mkdir(this.#folder, { recursive: true })
    await replaceFile(path, record(text))
  }

  /** What cannot be read is as if it were not there: all of it can be had from the source. @param now ms since the epoch */
  async read (now: number): Promise<{ kept: Map<string, string>, unreadable: string[] }> {
    const kept = new Map<string, string>()
    const names = await this.#names()
    if (names === null) {
      await setAside(this.#folder, now)
      return { kept, unreadable: [FOLDER] }
    }
    const unreadable: string[] = []
    for (const name of names) {
      const file = await readIfThere(join(this.#folder, name))
      const text = file === null ? null : onlyRecord(file)
      if (text === null) unreadable.push(name)
      else kept.set(name, text)
    }
    return { kept, unreadable }
  }

  /** @returns null when it is no folder */
  async #names (): Promise<string[] | null> {
    try {
      return (await readdir(this.#folder)).filter((name) => !name.endsWith('.new'))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return []
      if (code === 'ENOTDIR') return null
      throw error
    }
  }
}

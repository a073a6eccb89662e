import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { PopcastOptions } from '../client/index.ts'
import { UsageError } from './usage-error.ts'

/** The environment variable with the token: an argument could be read by everybody on the machine. */
export const TOKEN_VARIABLE = 'POPCAST_TOKEN'

/**
 * Where the token comes from. A file is read again at every attempt: whoever renews the token need not start anew.
 * @throws {UsageError} when there is none in the file
 */
export function tokenOptions (file: string | undefined, variable: string | undefined): Pick<PopcastOptions, 'token'> {
  if (file !== undefined) {
    try {
      tokenOf(file, readFileSync(file, 'utf8'))
    } catch (error) {
      throw new UsageError(`--token-file: ${(error as Error).message}`)
    }
    return { token: async () => tokenOf(file, await readFile(file, 'utf8')) }
  }
  const token = variable?.trim() ?? ''
  return token === '' ? {} : { token: () => token }
}

/** @throws never with what is in it */
function tokenOf (file: string, text: string): string {
  const token = text.trim()
  if (token === '') throw new Error(`${file} is empty`)
  if (/\s/.test(token)) throw new Error(`${file} holds more than one token`)
  return token
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** One that is empty, and goes with the test. */
export function directoryOf (t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'state-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

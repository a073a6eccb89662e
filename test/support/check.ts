import type { Finding } from '../../check/finding.ts'
import { startProgram, type Teardown } from './service.ts'

export interface Checked {
  code: number | null
  ok: boolean
  findings: Finding[]
  /** Of every kind, standard error as well. */
  output: string
}

/** What `popcast check --json` says with these settings. */
export async function checked (t: Teardown, env: Record<string, string>): Promise<Checked> {
  const program = startProgram(t, 'popcast.js', ['check', '--json'], env)
  const { code } = await program.exit
  const output = program.stdout() + program.stderr()
  if (!program.stdout().startsWith('{')) throw new Error(`no JSON: ${output}`)
  return { code, output, ...JSON.parse(program.stdout()) as Pick<Checked, 'ok' | 'findings'> }
}

/** `level part text` of each, to be compared with what is expected. */
export function told (findings: readonly Finding[]): string {
  return findings.map(({ level, part, text }) => `${level} ${part}: ${text}`).join('\n')
}

import { ConfigError, loadConfig, type ConfigProblem } from '../../config.ts'

/** The problems that stop the start. */
export function problemsOf (env: Record<string, string>): readonly ConfigProblem[] {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

/** The same in a line each. */
export function faultsOf (env: Record<string, string>): string[] {
  return problemsOf(env).map(({ variable, fault }) => `${variable} ${fault}`)
}

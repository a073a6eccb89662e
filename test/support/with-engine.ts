import t, { type Test } from 'tap'
import type { Engine } from './influxd.ts'

/**
 * Runs a test against a real InfluxDB of its own. `missing` says why there is none: then it is skipped, or fails where
 * TEST_REQUIRE_ENGINES names the language (as CI does).
 */
export function withEngine (
  name: string,
  language: 'influxql' | 'flux',
  missing: string | null,
  start: () => Promise<Engine>,
  run: (t: Test, engine: Engine) => Promise<void>
): void {
  // A 1.8 takes seconds to start, and a suite may start it twice.
  t.setTimeout(120_000)
  const required = (process.env.TEST_REQUIRE_ENGINES ?? '').split(',').includes(language)
  t.test(name, { skip: missing !== null && !required ? missing : false }, async (t) => {
    if (missing !== null) throw new Error(missing)
    const engine = await start()
    t.teardown(() => engine.stop())
    await run(t, engine)
  })
}

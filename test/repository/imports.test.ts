import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Teardown } from '../support/service.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')

/** Which rules a tree of files breaks: names, or none. */
function broken (t: Teardown, files: Record<string, string>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'imports-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const args = [cruiser, '--config', join(root, '.dependency-cruiser.js'), '--output-type', 'json', '.']
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  if (stdout === '') throw new Error(stderr)
  const { summary } = JSON.parse(stdout) as { summary: { violations: { rule: { name: string } }[] } }
  return Array.from(new Set(summary.violations.map(({ rule }) => rule.name))).sort()
}

const one = 'export const one = 1\n'
const cases: { name: string, files: Record<string, string>, rules: string[] }[] = [
  {
    name: 'clients import the feed, and everybody the clock',
    files: {
      'lib/clients/a.ts': "import '../feed/a.ts'\nimport '../clock.ts'\n",
      'lib/feed/a.ts': "import '../protocol/a.ts'\n",
      'lib/protocol/a.ts': one,
      'lib/clock.ts': "import 'node:perf_hooks'\n"
    },
    rules: []
  },
  {
    name: 'metrics read everything, and nothing reads metrics',
    files: {
      'lib/metrics/a.ts': "import '../clients/a.ts'\nimport '../feed/a.ts'\n",
      'lib/clients/a.ts': "import '../histogram.ts'\nimport '../counts.ts'\n",
      'lib/feed/a.ts': "import '../metrics/b.ts'\nimport '../tracer.ts'\n",
      'lib/metrics/b.ts': one,
      'lib/histogram.ts': one,
      'lib/counts.ts': one,
      'lib/tracer.ts': one
    },
    rules: ['circular-folders', 'feed-points-up']
  },
  {
    name: 'the feed goes through a log that knows nothing of it',
    files: {
      'lib/feed/a.ts': "import '../cluster/a.ts'\n",
      'lib/cluster/a.ts': "import '../feed/b.ts'\n",
      'lib/feed/b.ts': one
    },
    rules: ['circular-folders', 'cluster-points-up']
  },
  {
    name: 'who is paged follows the feed, which knows nothing of it; nor do clients',
    files: {
      'lib/notify/a.ts': "import '../feed/a.ts'\n",
      'lib/feed/a.ts': one,
      'lib/clients/a.ts': "import '../notify/b.ts'\n",
      'lib/notify/b.ts': one
    },
    rules: ['clients-points-up']
  },
  {
    name: 'the feed imports clients',
    files: { 'lib/feed/a.ts': "import '../clients/a.ts'\n", 'lib/clients/a.ts': one },
    rules: ['feed-points-up']
  },
  {
    name: 'the protocol imports the type of a layer above',
    files: { 'lib/protocol/a.ts': "import type { A } from '../source/a.ts'\n", 'lib/source/a.ts': 'export type A = 1\n' },
    rules: ['protocol-is-portable', 'protocol-points-up']
  },
  {
    name: 'two files import each other',
    files: { 'lib/fleet/a.ts': "import './b.ts'\n", 'lib/fleet/b.ts': "import './a.ts'\n" },
    rules: ['circular-files']
  },
  {
    name: 'two folders import each other, without a circle of files',
    files: {
      'lib/source/flux/a.ts': "import '../influxql/a.ts'\n",
      'lib/source/flux/b.ts': one,
      'lib/source/influxql/a.ts': one,
      'lib/source/influxql/b.ts': "import '../flux/b.ts'\n"
    },
    rules: ['circular-folders']
  },
  {
    name: 'the protocol imports a Node builtin',
    files: { 'lib/protocol/a.ts': "import 'node:crypto'\n" },
    rules: ['protocol-is-portable']
  },
  {
    name: 'lib imports a file of the root, a plugin and fastify',
    files: {
      'lib/source/a.ts': "import '../../config.ts'\n",
      'lib/source/b.ts': "import '../../plugins/a.ts'\n",
      'lib/source/c.ts': "import 'fastify'\n",
      'config.ts': one,
      'plugins/a.ts': one
    },
    rules: ['lib-knows-no-fastify', 'lib-knows-no-server']
  },
  {
    name: 'the simulation imports what is above it',
    files: { 'lib/simulation/a.ts': "import '../source/a.ts'\n", 'lib/source/a.ts': one },
    rules: ['bottom-imports-a-layer', 'simulation-stands-alone']
  },
  {
    name: 'a route imports more than the type of a plugin',
    files: { 'routes/a.ts': "import '../plugins/a.ts'\n", 'plugins/a.ts': one },
    rules: ['routes-import-types-of-plugins']
  },
  {
    name: 'the client imports more than the types of the protocol, and the server imports it',
    files: {
      'client/a.ts': "import '../lib/protocol/a.ts'\n",
      'client/b.ts': "import type { A } from '../lib/feed/a.ts'\nimport type { B } from '../lib/protocol/a.ts'\n",
      'lib/protocol/a.ts': 'export type B = 1\n',
      'lib/feed/a.ts': 'export type A = 1\n',
      'routes/a.ts': "import '../client/c.ts'\n",
      'client/c.ts': one
    },
    rules: ['client-imports-types', 'client-stands-alone', 'not-to-client', 'routes-import-lib']
  },
  {
    name: 'the page is made of state, views and the client',
    files: {
      'web/main.tsx': "import './state/a.ts'\nimport './view/a.tsx'\nimport '../client/index.ts'\n",
      'web/view/a.tsx': "import '../state/a.ts'\n",
      'web/state/a.ts': "import '../format.ts'\nimport type { A } from '../../client/types.ts'\n",
      'web/format.ts': one,
      'client/index.ts': one,
      'client/types.ts': 'export type A = 1\n'
    },
    rules: []
  },
  {
    name: 'the page imports the server, its state a view, and somebody the page',
    files: {
      'web/main.tsx': "import '../lib/clock.ts'\n",
      'web/view/a.tsx': "import '../../config.ts'\n",
      'web/state/a.ts': "import '../view/b.tsx'\n",
      'web/view/b.tsx': one,
      'watch/a.ts': "import '../web/state/b.ts'\n",
      'web/state/b.ts': one,
      'lib/clock.ts': one,
      'config.ts': one
    },
    rules: ['not-to-web', 'watch-is-a-client', 'web-is-a-client', 'web-state-knows-no-view']
  },
  {
    name: 'watch imports the client, the types of the protocol and the version',
    files: {
      'watch/a.ts': "import '../client/index.ts'\nimport '../version.ts'\nimport './b.ts'\n",
      'watch/b.ts': "import 'node:util'\nimport type { A } from '../lib/protocol/a.ts'\n",
      'client/index.ts': one,
      'lib/protocol/a.ts': 'export type A = 1\n',
      'version.ts': one
    },
    rules: []
  },
  {
    name: 'watch imports what is private to the client or the server',
    files: {
      'watch/a.ts': "import '../client/store.ts'\n",
      'watch/b.ts': "import '../config.ts'\n",
      'watch/c.ts': "import '../lib/protocol/a.ts'\n",
      'client/store.ts': one,
      'config.ts': one,
      'lib/protocol/a.ts': one
    },
    rules: ['watch-imports-types', 'watch-is-a-client']
  },
  {
    name: 'check looks at what the service would have, without a service',
    files: {
      'check/a.ts': "import '../lib/clock.ts'\nimport '../config.ts'\nimport '../startup.ts'\nimport './b.ts'\n",
      'check/b.ts': "import '../app.ts'\nimport '../plugins/a.ts'\n",
      'lib/clock.ts': one,
      'config.ts': one,
      'startup.ts': one,
      'app.ts': one,
      'plugins/a.ts': one
    },
    rules: ['check-knows-no-server']
  },
  {
    name: 'the commands load one before it is asked for',
    files: { 'popcast.ts': "import './server.ts'\nawait import('./watch/a.ts')\n", 'server.ts': one, 'watch/a.ts': one },
    rules: ['commands-are-loaded-late']
  },
  {
    name: 'a route imports the type of a plugin',
    files: { 'routes/a.ts': "import type { A } from '../plugins/a.ts'\n", 'plugins/a.ts': 'export type A = 1\n' },
    rules: []
  }
]

for (const { name, files, rules } of cases) {
  t.test(name, async (t) => {
    t.strictSame(broken(t, files), rules)
  })
}

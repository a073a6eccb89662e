/** Which file may import which. Part of `npm run lint`; the tests in test/repository/imports.test.ts break each rule once. */

/** From what tells clients down to what says which words there are. Each may import those behind it. */
const layers = ['workers', 'metrics', 'notify', 'clients', 'feed', 'cluster', 'fleet', 'source', 'auth', 'protocol']
/** Imported by every layer, importing none. */
const bottom = '^lib/(clock|log|lifecycle|histogram|counts|tracer|loopback)\\.ts$|^lib/simulation/'

const pointsUp = layers.slice(1).map((layer, index) => ({
  name: `${layer}-points-up`,
  severity: 'error',
  from: { path: `^lib/${layer}/` },
  to: { path: `^lib/(${layers.slice(0, index + 1).join('|')})/` }
}))

export default {
  forbidden: [
    ...pointsUp,
    {
      name: 'bottom-imports-a-layer',
      severity: 'error',
      from: { path: bottom },
      to: { path: `^lib/(${layers.join('|')})/` }
    },
    {
      name: 'simulation-stands-alone',
      severity: 'error',
      from: { path: '^lib/simulation/' },
      to: { path: '^lib/', pathNot: '^lib/simulation/' }
    },
    {
      // It can be tried without a server, and used by the generator and the detector.
      name: 'lib-knows-no-server',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(?!lib/|node_modules/)[^:]*\\.(ts|js)$|(^|/)node_modules/@?fastify', dependencyTypesNot: ['core'] }
    },
    {
      name: 'lib-knows-no-machine',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(node:)?(os|process)$' }
    },
    {
      name: 'lib-knows-no-fastify',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^@?fastify' }
    },
    {
      // A client in a browser could import it.
      name: 'protocol-is-portable',
      severity: 'error',
      from: { path: '^lib/protocol/' },
      to: { pathNot: '^lib/protocol/|(^|/)node_modules/typebox/|^typebox(/|$)' }
    },
    {
      // It is what a page loads: of the server's it knows the types of what is said.
      name: 'client-stands-alone',
      severity: 'error',
      from: { path: '^client/' },
      to: { pathNot: '^client/|^lib/protocol/' }
    },
    {
      name: 'client-imports-types',
      severity: 'error',
      from: { path: '^client/' },
      to: { path: '^lib/protocol/', dependencyTypesNot: ['type-only'] }
    },
    {
      name: 'not-to-client',
      severity: 'error',
      from: { pathNot: '^(client|watch|test|bench|web|examples)/' },
      to: { path: '^client/' }
    },
    {
      // It is a client like any other: it knows what the client library tells, and the types of what is said.
      name: 'watch-is-a-client',
      severity: 'error',
      from: { path: '^watch/' },
      to: {
        path: '^[^/:]+\\.ts$|^(?!watch/|client/index\\.ts$|lib/protocol/|node_modules/)[^/:]+/.+\\.ts$',
        pathNot: '^version\\.ts$'
      }
    },
    {
      name: 'watch-imports-types',
      severity: 'error',
      from: { path: '^watch/' },
      to: { path: '^lib/protocol/', dependencyTypesNot: ['type-only'] }
    },
    {
      // It looks at what the service would have, without a service.
      name: 'check-knows-no-server',
      severity: 'error',
      from: { path: '^check/' },
      to: {
        path: '^[^/:]+\\.ts$|^(?!lib/|check/|node_modules/)[^/:]+/.+\\.ts$',
        pathNot: '^(config|startup)\\.ts$'
      }
    },
    {
      // Each command is loaded when it is asked for.
      name: 'commands-are-loaded-late',
      severity: 'error',
      from: { path: '^popcast\\.ts$' },
      to: { path: '^(server\\.ts$|[^/:]+/.+\\.ts$)', pathNot: '^node_modules/', dynamic: false }
    },
    {
      // It is one of the clients: what it knows of the server it is told as any other.
      name: 'web-is-a-client',
      severity: 'error',
      from: { path: '^web/' },
      to: { pathNot: '^web/|^client/|(^|/)node_modules/(preact|@preact)/' }
    },
    {
      // What is shown is made without a page, so that it can be tried without one.
      name: 'web-state-knows-no-view',
      severity: 'error',
      from: { path: '^web/state/' },
      to: { path: '^web/(?!state/|format\\.ts)' }
    },
    {
      name: 'not-to-web',
      severity: 'error',
      from: { pathNot: '^(web|test|bench)/' },
      to: { path: '^web/' }
    },
    {
      name: 'plugins-import-lib',
      severity: 'error',
      from: { path: '^plugins/' },
      to: {
        path: '^[^/]+\\.ts$|^(?!lib/|plugins/|node_modules/)[^/:]+/.+\\.ts$',
        pathNot: '^(http-errors|config|version|instance-name|process-readings)\\.ts$'
      }
    },
    {
      name: 'routes-import-lib',
      severity: 'error',
      from: { path: '^routes/' },
      to: {
        path: '^[^/]+\\.ts$|^(?!lib/|plugins/|routes/|node_modules/)[^/:]+/.+\\.ts$',
        pathNot: '^(http-errors|config|version)\\.ts$'
      }
    },
    {
      // What a plugin decorates with has a type; what it does is called through the decoration.
      name: 'routes-import-types-of-plugins',
      severity: 'error',
      from: { path: '^routes/' },
      to: { path: '^plugins/', dependencyTypesNot: ['type-only'] }
    },
    {
      name: 'app-imports-no-program',
      severity: 'error',
      from: { path: '^app\\.ts$' },
      to: { path: '^(generator|detect|watch|check|bench|chaos|test|asyncapi)/|^(server|service|primary|worker|popcast)\\.ts$' }
    },
    {
      // Only these import what is not part of the service.
      name: 'not-to-tests',
      severity: 'error',
      from: { pathNot: '^(test|bench|chaos)/' },
      to: { path: '^(test|bench|chaos)/' }
    },
    {
      name: 'circular-files',
      severity: 'error',
      from: {},
      to: { circular: true }
    },
    {
      name: 'circular-folders',
      severity: 'error',
      scope: 'folder',
      // app.ts and its plugins share config.ts in the root, so every cycle through the root is one by name only.
      from: { path: '^(lib|plugins|routes|generator|detect|watch|check|asyncapi)(/|$)' },
      to: { circular: true, pathNot: '^(\\.|test|bench|chaos)(/|$)' }
    }
  ],
  options: {
    // Types count: who imports the type of something knows of it.
    tsPreCompilationDeps: true,
    exclude: { path: '^(dist|scripts|\\.tap)/|^[^/]+\\.js$' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] }
  }
}

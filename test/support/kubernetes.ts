import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import ts from 'typescript'
import type { Test } from 'tap'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const kustomize = process.env.TEST_KUSTOMIZE ?? 'kustomize'

/** For tap's `skip`. `TEST_REQUIRE_KUSTOMIZE` makes its absence a failure instead. */
export const skipWithoutKustomize =
  process.env.TEST_REQUIRE_KUSTOMIZE === undefined && spawnSync(kustomize, ['version']).error !== undefined
    ? 'no kustomize (or TEST_KUSTOMIZE)'
    : false

export interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string, labels?: Record<string, string> }
  data?: Record<string, string>
  // As they come; each test looks at what it is about.
  spec?: any
}

/** What `kubectl apply -k` would be given. @param folder below deploy/kubernetes */
export function build (folder: string): Manifest[] {
  const args = ['build', join(root, 'deploy/kubernetes', folder)]
  const { status, stdout, stderr } = spawnSync(kustomize, args, { encoding: 'utf8' })
  if (status !== 0 || stderr !== '') throw new Error(`kustomize build ${folder}: ${stderr}`)
  return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest)
}

/** Where the models of an API are, by its group. */
function moduleOf ({ apiVersion, kind }: Manifest): string {
  if (kind === 'ServiceMonitor') return `@kubernetes-models/prometheus-operator/${apiVersion}`
  return `kubernetes-models/${apiVersion}`
}

interface Model {
  new (data: object): { validate (): void }
}

/**
 * What Kubernetes' own schemas (OpenAPI, as kubernetes-models has them) find wrong: values by their validators, and fields that
 * there are not by their types, which an API server would drop without a word.
 */
export function faultsOf (t: Pick<Test, 'testdir'>, manifests: readonly Manifest[]): string[] {
  const require = createRequire(import.meta.url)
  const values = manifests.flatMap((manifest) => {
    const models = require(moduleOf(manifest)) as Record<string, Model>
    const Model = models[manifest.kind]
    if (Model === undefined) return [`${manifest.kind}: no model`]
    try {
      new Model(manifest).validate()
      return []
    } catch (error) {
      return [`${manifest.kind} ${manifest.metadata.name}: ${(error as Error).message}`]
    }
  })
  return [...values, ...unknownFields(t, manifests)]
}

function unknownFields (t: Pick<Test, 'testdir'>, manifests: readonly Manifest[]): string[] {
  const lines = manifests.flatMap((manifest, index) => [
    `import type { I${manifest.kind} as I${index} } from '${moduleOf(manifest)}'`,
    `export const manifest${index}: I${index} = ${JSON.stringify(manifest)}`
  ])
  // Within the repository, where the models are found.
  const file = join(t.testdir({ 'manifests.ts': lines.join('\n') }), 'manifests.ts')
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: []
  }
  return ts.getPreEmitDiagnostics(ts.createProgram([file], options))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

import t from 'tap'
import { loadConfig, settingsSchema } from '../../config.ts'
import { newToken } from '../../lib/auth/tokens.ts'
import { version } from '../../version.ts'
import { build as buildApp } from '../support/app.ts'
import { build, faultsOf, skipWithoutKustomize, type Manifest } from '../support/kubernetes.ts'

/** Between the deadline of the drain and the one of the process, as server.ts has it. */
const CLOSE_SLACK_MS = 5_000
const LABELS = { 'app.kubernetes.io/name': 'popcast' }

function one (manifests: readonly Manifest[], kind: string): Manifest {
  const [found, ...more] = manifests.filter((manifest) => manifest.kind === kind)
  if (found === undefined || more.length > 0) throw new Error(`${more.length + 1} of ${kind}`)
  return found
}

const KINDS = ['ConfigMap', 'Deployment', 'NetworkPolicy', 'PodDisruptionBudget', 'Service']
const folders = [
  { folder: 'base', kinds: KINDS, replicas: 1 },
  { folder: 'overlays/fleet', kinds: [...KINDS, 'ServiceMonitor'], replicas: 3 }
]

for (const { folder, kinds, replicas } of folders) {
  t.test(folder, { skip: skipWithoutKustomize }, async (t) => {
    const manifests = build(folder)
    t.strictSame(manifests.map(({ kind }) => kind).sort(), [...kinds].sort())
    t.strictSame(faultsOf(t, manifests), [], 'Kubernetes takes them')

    const { replicas: count, template, selector } = one(manifests, 'Deployment').spec
    t.equal(count, replicas)
    const [container] = template.spec.containers
    t.equal(container.image, `popcast:${version}`)
    t.strictSame(template.metadata.labels, LABELS)
    t.strictSame(selector.matchLabels, LABELS)
    t.strictSame(one(manifests, 'Service').spec.selector, LABELS)
    t.strictSame(one(manifests, 'PodDisruptionBudget').spec.selector.matchLabels, LABELS)
    t.strictSame(one(manifests, 'NetworkPolicy').spec.podSelector.matchLabels, LABELS)

    const { data = {}, metadata: { name } } = one(manifests, 'ConfigMap')
    t.equal(container.envFrom[0].configMapRef.name, name, 'a change of settings is a change of the pods')
    for (const variable of Object.keys(data)) t.ok(Object.hasOwn(settingsSchema.properties, variable), variable)
    const file = t.testdir({ tokens: `scraper ${newToken().hash}` })
    t.equal(data.AUTH_TOKENS_FILE, `${container.volumeMounts[0].mountPath}/tokens`)
    const config = loadConfig({ ...data, INFLUXDB_TOKEN: 'secret', AUTH_TOKENS_FILE: `${file}/tokens` })
    const graceMs = template.spec.terminationGracePeriodSeconds * 1_000
    t.ok(graceMs > config.DRAIN_DELAY_MS + config.DRAIN_TIMEOUT_MS + CLOSE_SLACK_MS, 'the drain fits into the grace')
    const { periodSeconds, failureThreshold } = container.readinessProbe
    t.ok(periodSeconds * failureThreshold * 1_000 < config.DRAIN_DELAY_MS, 'that it drains is noticed before the port closes')
    t.equal(container.ports[0].containerPort, config.PORT)
    const egress = one(manifests, 'NetworkPolicy').spec.egress
      .flatMap(({ ports }: { ports: Array<{ port: number }> }) => ports.map(({ port }) => port)) as number[]
    for (const url of [data.INFLUXDB_URL, data.CLUSTER_URL]) {
      if (url !== undefined) t.ok(egress.includes(Number(new URL(url).port)), `${url} may be reached`)
    }

    const { app } = await buildApp(t)
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe]
    const monitors = manifests.filter(({ kind }) => kind === 'ServiceMonitor').flatMap(({ spec }) => spec.endpoints)
    for (const path of [...probes.map(({ httpGet }) => httpGet.path), ...monitors.map((each) => each.path)]) {
      t.ok(app.hasRoute({ method: 'GET', url: path }), path)
    }
  })
}

t.test('a pod has nothing that it does not need', { skip: skipWithoutKustomize }, async (t) => {
  const { spec } = one(build('base'), 'Deployment').spec.template
  t.match(spec, {
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [{
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      resources: { requests: { cpu: '100m' }, limits: { memory: '512Mi' } }
    }]
  })
})

t.test('what Kubernetes would not take is found', { skip: skipWithoutKustomize }, async (t) => {
  const broken = (change: (container: Record<string, unknown>) => void) => {
    const deployment = structuredClone(one(build('base'), 'Deployment'))
    change(deployment.spec.template.spec.containers[0])
    return faultsOf(t, [deployment]).join('\n')
  }
  t.match(broken((container) => { container.ports = [{ containerPort: '3001' }] }), /containerPort must be integer/)
  t.match(broken((container) => { container.readinessProb = {} }), /readinessProb\b/)
})

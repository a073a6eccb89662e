import { rawHandshake } from '../../test/support/raw-client.ts'
import type { Context } from '../context.ts'
import { toMs, type Fault, type Finding } from '../fault.ts'
import { get } from '../http.ts'
import type { Subject } from '../subject.ts'
import { expectWithin, HANG_MS, pause } from '../waiting.ts'

interface Ended {
  code: number | null
  tookMs: number
  /** Those of the observers that were told when to come back, and then closed with 1001. */
  told: number
}

async function ended (subject: Subject, signalledAt = performance.now()): Promise<Ended> {
  const { code } = await expectWithin(HANG_MS, 'its exit', subject.service.exit)
  const tookMs = performance.now() - signalledAt
  await Promise.all(subject.observers.map((observer) => observer.ended))
  const isTold = ({ shutdowns, end }: Subject['observers'][number]) =>
    shutdowns === 1 && (end === 'closed with 1001' || end === 'its stream ended')
  return { code, tookMs, told: subject.observers.filter(isTold).length }
}

function terminate (subject: Subject): number {
  subject.isEnded = true
  subject.service.child.kill('SIGTERM')
  return performance.now()
}

function finding (subject: Subject, what: string, { code, tookMs, told }: Ended, exitCode = 0): Finding {
  const observers = subject.observers.length
  const isSaid = subject.lines('shutdown').length > 0 && (exitCode !== 0 || subject.lines('closed').length > 0)
  const isQuiet = subject.service.stderr() === ''
  return {
    what: exitCode !== 0 ? what : `${what}: ${told} of ${observers} told when to come back and closed with 1001`,
    figure: `exit ${code} after ${toMs(tookMs)}`,
    goal: `exit ${exitCode}, < 4000 ms`,
    pass: code === exitCode && (exitCode !== 0 || told === observers) && isSaid && isQuiet,
    inTime: tookMs < 4_000
  }
}

async function polite (context: Context): Promise<Finding> {
  const subject = await context.start({ observers: 100 })
  return finding(subject, 'clients that answer', await ended(subject, terminate(subject)))
}

async function silent (context: Context): Promise<Finding> {
  const subject = await context.start()
  const silents = await Promise.all(Array.from({ length: 50 }, () => rawHandshake(subject.port)))
  for (const { socket } of silents) {
    context.teardown(() => socket.destroy())
    socket.pause()
  }
  return finding(subject, 'beside 50 that never read nor answer', await ended(subject, terminate(subject)))
}

async function midTick (context: Context): Promise<Finding> {
  const subject = await context.start()
  await subject.updates(1)
  await expectWithin(HANG_MS, 'a query', new Promise<void>((resolve) => {
    subject.database.onTick = () => {
      resolve()
      // It is never answered.
      return new Promise(() => {})
    }
  }))
  return finding(subject, 'with a query under way', await ended(subject, terminate(subject)))
}

async function midFanOut (context: Context): Promise<Finding> {
  const clients = 2_000
  const subject = await context.start()
  const { child } = await context.load({ port: subject.port, clients })
  context.teardown(() => child.kill('SIGKILL'))
  await subject.updates(1)
  // The first to be told are told before most of the others.
  const [first] = subject.observers
  const { last = 0 } = first ?? {}
  await expectWithin(HANG_MS, 'an update', first?.until(() => first.last > last) ?? Promise.resolve())
  const result = await ended(subject, terminate(subject))
  return finding(subject, `while ${clients} are told an update`, result)
}

async function twice (context: Context): Promise<Finding> {
  const subject = await context.start({ env: { DRAIN_DELAY_MS: '60000' } })
  const signalledAt = terminate(subject)
  await subject.logged('shutdown')
  await pause(500)
  subject.service.child.kill('SIGTERM')
  return finding(subject, 'the second one ends it at once, whatever it waits for', await ended(subject, signalledAt), 1)
}

async function readiness (context: Context): Promise<Finding> {
  const subject = await context.start({ env: { DRAIN_DELAY_MS: '1500' } })
  if (await subject.status('/health/ready') !== 200) throw new Error('it is not ready')
  const signalledAt = terminate(subject)
  let notReadyMs: number | null = null
  let refusedMs: number | null = null
  let letIn = 0
  while (refusedMs === null && performance.now() - signalledAt < HANG_MS) {
    const ready = await get(`${subject.url}/health/ready`).catch(() => null)
    if (ready?.status === 503) notReadyMs ??= performance.now() - signalledAt
    const client = await expectWithin(HANG_MS, 'a handshake', rawHandshake(subject.port)).catch(() => null)
    if (client === null || !client.head().includes(' 101 ')) refusedMs = performance.now() - signalledAt
    else if (notReadyMs !== null) letIn++
    client?.socket.destroy()
    await pause(50)
  }
  const { code } = await expectWithin(HANG_MS, 'its exit', subject.service.exit)
  const isInOrder = notReadyMs !== null && refusedMs !== null && refusedMs > notReadyMs
  return {
    what: `ready says 503 first, ${letIn} were let in after that, then they are refused; exit ${code}`,
    figure: `503 after ${toMs(notReadyMs ?? NaN)}, refused after ${toMs(refusedMs ?? NaN)}`,
    goal: 'DRAIN_DELAY_MS (1500 ms) apart',
    pass: isInOrder && letIn > 0 && code === 0,
    // Asked for late on a busy machine, it seems to be said late.
    inTime: Number(refusedMs) - Number(notReadyMs) > 1_000
  }
}

export const shutdown: Fault[] = [
  { name: 'SIGTERM, polite clients', isQuick: true, run: polite },
  { name: 'SIGTERM, silent clients', isQuick: true, run: silent },
  { name: 'SIGTERM mid-tick', isQuick: true, run: midTick },
  { name: 'SIGTERM mid-fan-out', isQuick: false, isHeavy: true, run: midFanOut },
  { name: 'SIGTERM twice', isQuick: true, run: twice },
  { name: 'readiness before refusal', isQuick: true, run: readiness }
]

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { alertMessage, openAlerts, pop, popsUpdate, update } from './feed-messages.ts'

export const popcast = fileURLToPath(new URL('../../popcast.js', import.meta.url))

export const pops = [pop('fra1', { city: 'Frank\u001b[2Jfurt' }), pop('ams1', { city: 'Amsterdam', country: 'NL' })]
const popsMessage = popsUpdate({ data: { pops } })
export const opened = { ...alertMessage('a', 'opened'), replay: true }
export const regressed = [opened, openAlerts(['a']), update(), popsMessage]
export const well = [openAlerts([]), update(), popsMessage]

/** Runs to its end. */
export function run (...args: string[]): Promise<{ code: number | string, stdout: string, stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [popcast, ...args], (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }))
  })
}

export const typesOf = (stdout: string) => stdout.trim().split('\n').map((line) => (JSON.parse(line) as { type: string }).type)

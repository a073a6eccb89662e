import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** As /proc/net/tcp has them: hexadecimal. */
const LISTENING = '0A'

/** Open files of a process, sockets among them. */
export function openFiles (pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** Sockets that a process holds of those who connected to this port of it. */
export function clientSockets (pid: number, port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const inodes = new Set(readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n').slice(1).flatMap((line) => {
    const [, address = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
    return address.endsWith(local) && state !== LISTENING && inode !== '0' ? [inode] : []
  }))
  return readdirSync(`/proc/${pid}/fd`).filter((file) => inodes.has(socketOf(`/proc/${pid}/fd/${file}`))).length
}

/** Its inode; empty: it is none, or closed meanwhile. */
function socketOf (path: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1] ?? ''
  } catch {
    return ''
  }
}

/** Memory of a process, bytes. */
export function residentBytes (pid: number): number {
  const [, kib = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) * 1024
}

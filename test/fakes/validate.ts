import { Compile } from 'typebox/compile'
import { serverMessages, type ServerMessage } from '../../lib/stream/protocol.ts'

const validators = new Map<string, { Check (message: unknown): boolean, Errors (message: unknown): Array<{ instancePath: string, message: string }> }>(Object.values(serverMessages).map((schema) => [(schema.properties.type as { const: string }).const, Compile(schema)]))

/** Checks a message of the server's against the protocol. @throws naming the fault */
export function validateServerMessage (message: ServerMessage): void {
  const validator = validators.get(message.type)
  if (validator === undefined) throw new Error(`no such message: ${JSON.stringify(message)}`)
  if (validator.Check(message)) return
  const [fault] = validator.Errors(message)
  throw new Error(`${message.type}: ${fault?.instancePath} ${fault?.message}: ${JSON.stringify(message)}`)
}

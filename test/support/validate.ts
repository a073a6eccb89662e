import { Ajv, type ValidateFunction } from 'ajv'
import type { ServerMessage } from '../../lib/protocol/server-messages.ts'
import { messageSchemas } from '../../asyncapi/asyncapi.ts'

const ajv = new Ajv({ strict: true, allowUnionTypes: true })
const validators = new Map<string, ValidateFunction>(
  Object.entries(messageSchemas()).map(([type, schema]) => [type, ajv.compile(schema)])
)

/** Checks a message of the server's against the published JSON Schemas. @throws naming the fault */
export function validateServerMessage (message: ServerMessage): void {
  const validate = validators.get(message.type)
  if (validate === undefined) throw new Error(`no such message: ${JSON.stringify(message)}`)
  const valid: boolean = validate(message)
  if (valid) return
  const [fault] = validate.errors ?? []
  throw new Error(`${message.type}: ${fault?.instancePath} ${fault?.message}: ${JSON.stringify(message)}`)
}

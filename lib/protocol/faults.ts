import type { Validator } from 'typebox/compile'
import type { TLocalizedValidationError } from 'typebox/error'

/** That a list in a message may have. */
export const MAX_VALUES = 1_000

/** What is wrong, in words: of a filter in the form in which it was sent, rather than that it is not the other one. */
export function faultOf (validator: Validator, message: unknown): string {
  const faults = validator.Errors(shortened(message))
  const isOtherForm = ({ keyword, schemaPath }: TLocalizedValidationError) =>
    keyword === 'anyOf' || keyword === 'boolean' || (keyword === 'type' && /\/anyOf\/\d+$/.test(schemaPath))
  const fault = faults.find((candidate) => !isOtherForm(candidate)) ?? faults[0]
  const names = fault?.keyword === 'additionalProperties' ? ` ${fault.params.additionalProperties.map(excerpt).join(', ')}` : ''
  return `${fault?.instancePath.slice(1) || 'the message'} ${fault?.message}${names}`
}

/**
 * As much of it as has the same fault: naming it takes the validator long,
 * and a client may send as large a message as it likes.
 */
function shortened (value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, MAX_VALUES + 1).map(shortened)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).slice(0, MAX_VALUES).map(([name, field]) => [name, shortened(field)]))
}

/** What a client sent, shortened for an answer. */
export function excerpt (text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text)
}

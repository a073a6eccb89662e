/** One `name=value` of a query. */
export interface Parameter {
  readonly name: string
  readonly value: string
  /** As it was written, for what is not ours to change. */
  readonly raw: string
}

/** The parameters of a query, with or without its `?`. What cannot be decoded is left as it is rather than thrown at. */
export function parametersOf (search: string): Parameter[] {
  return search.replace(/^\?/, '').split('&').filter((raw) => raw !== '').map((raw) => {
    const equals = raw.indexOf('=')
    const [name, value] = equals === -1 ? [raw, ''] : [raw.slice(0, equals), raw.slice(equals + 1)]
    return { name: decoded(name), value: decoded(value), raw }
  })
}

/** As short as it may be, so that a link can be read: commas stay commas. */
export function encoded (value: string): string {
  return encodeURIComponent(value.replace(/\p{Surrogate}/gu, '\uFFFD'))
    // At the end of a link in a sentence these are taken for punctuation.
    .replace(/[!'()*~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%2C/g, ',').replace(/%3A/g, ':').replace(/%20/g, '+')
}

/**
 * Values with commas between them. A comma in a value has a backslash before it: an escape of the query's own would be lost
 * where a program decodes a link and encodes it again.
 */
export function listed (values: readonly string[]): string {
  return values.map((value) => value.replace(/[\\,]/g, '\\$&')).join(',')
}

/** What `listed` wrote, or somebody by hand. */
export function unlisted (list: string): string[] {
  const values = (list.match(/(?:\\.|[^\\,]|\\$)+/gsu) ?? []).map((value) => value.replace(/\\([\\,])/g, '$1').trim())
  return [...new Set(values.filter((value) => value !== ''))]
}

function decoded (text: string): string {
  const spaced = text.replace(/\+/g, ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}

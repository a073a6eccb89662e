/** One tag and the values that it may have. */
export interface TagFilter {
  tag: string
  /** Never empty. */
  values: readonly string[]
}

/** A character, or an escaped one: as in line protocol, a backslash means itself unless one of these follows. */
const CHARACTERS = /\\[,= ]|[^]/g

/**
 * `tag=value` pairs, comma-separated, with comma, equals sign and space escaped as in line protocol. A tag that is
 * named more than once may have any of its values; different tags must all match.
 * @throws {Error} naming the part that is no pair
 */
export function parseFilter (text: string): TagFilter[] {
  const values = new Map<string, string[]>()
  for (const part of split(text, ',')) {
    const [tag = '', value = '', ...more] = split(part, '=').map(unescaped)
    if (tag === '' || value === '' || more.length > 0) throw new Error(`${JSON.stringify(part.trim())} is not tag=value`)
    values.set(tag, [...values.get(tag) ?? [], value])
  }
  return Array.from(values, ([tag, values]) => ({ tag, values }))
}

/** At each separator that is not escaped; what is escaped stays so. */
function split (text: string, separator: string): string[] {
  const parts = ['']
  for (const [character] of text.matchAll(CHARACTERS)) {
    if (character === separator) parts.push('')
    else parts[parts.length - 1] += character
  }
  return parts
}

/** Without the spaces around it, unless they are escaped. */
function unescaped (text: string): string {
  return text.trimStart().replace(/(?<!\\)\s+$/, '').replace(/\\([,= ])/g, '$1')
}

/** A metric that an expression names, with the labels that it is selected or grouped by, and the values it is selected by. */
export interface Named {
  name: string
  labels: Map<string, string[]>
}

const METRIC = /(?<![\w:])((?:[a-z_]+:)?popcast_\w+(?::\w+)?|up)(?:\{([^}]*)\})?(?![\w:(])/g
const MATCHER = /(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g
const GROUPING = /\b(?:by|on)\s*\(([^)]*)\)/g

/**
 * What of ours is named in PromQL. Labels of `by` and `on` are taken to belong to every metric that follows them: it reads no
 * grammar, for promtool does.
 */
export function namedIn (expression: string): Named[] {
  const groupings = Array.from(expression.matchAll(GROUPING), ({ index, 1: labels = '' }) =>
    ({ index, labels: labels.split(',').map((label) => label.trim()).filter((label) => label !== '') }))
  return Array.from(expression.matchAll(METRIC), ({ index, 1: name = '', 2: selector = '' }) => {
    const labels = new Map<string, string[]>()
    for (const [, label = '', operator = '', value = ''] of selector.matchAll(MATCHER)) {
      // Variables of Grafana's have any value.
      labels.set(label, value.startsWith('$') ? [] : operator.endsWith('~') ? value.split('|') : [value])
    }
    // The nearest one before it: of several terms each has its own.
    const grouping = groupings.filter((one) => one.index < index).at(-1)
    for (const label of grouping?.labels ?? []) if (!labels.has(label)) labels.set(label, [])
    return { name, labels }
  })
}

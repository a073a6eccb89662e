/**
 * What failed in the TAP of standard input, so that it stands at the end of a long output and not only in the middle of it:
 * each assertion with what it expected, below the tests it is in. JavaScript, as scripts/compile.js.
 */
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const MOST_NAMED = 10
const LINES_EACH = 25

/** @returns lines of TAP around each assertion that failed; the last lines of all where there is none */
export function failuresOf (output) {
  const lines = output.split('\n')
  const failed = lines.flatMap((line, index) => {
    const indent = /^( *)not ok /.exec(line)?.[1].length
    return indent === undefined ? [] : [{ indent, index }]
  })
  // A test comes after the assertions in it.
  const isAssertion = ({ indent }, place) => !(failed[place - 1]?.indent > indent)
  const parts = failed.filter(isAssertion).slice(0, MOST_NAMED).map((assertion) => {
    const { index, indent } = assertion
    const within = []
    for (let place = failed.indexOf(assertion) + 1, outer = indent; outer > 0 && place < failed.length; place++) {
      if (failed[place].indent >= outer) continue
      outer = failed[place].indent
      within.unshift(lines[failed[place].index].trim())
    }
    return [...within, ...lines.slice(index, index + LINES_EACH)].join('\n')
  })
  return `${parts.length > 0 ? parts.join('\n') : lines.slice(-40).join('\n')}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(failuresOf(await text(process.stdin)))

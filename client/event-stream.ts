/** Of one event; a stream that never ends a line is no reason to use up the memory. */
const MAX_EVENT_LENGTH = 2 ** 24

/**
 * Reads an event stream piece by piece (HTML, 9.2.6, Interpreting an event stream), as far as popcast uses it: what an event is
 * called and where it stands is in its data as well.
 * @throws RangeError when an event is too long
 */
export function eventStreamReader (onData: (data: string) => void, maxLength = MAX_EVENT_LENGTH): (text: string) => void {
  let line = ''
  let data = ''
  let endsInCr = false
  return (text) => {
    // The second half of a CRLF that was cut in two ends no line of its own.
    const lines = (line + (endsInCr && text[0] === '\n' ? text.slice(1) : text)).split(/\r\n?|\n/)
    if (text !== '') endsInCr = text.endsWith('\r')
    line = lines.pop() as string
    for (const complete of lines) {
      if (/^data(:|$)/.test(complete)) data += '\n' + complete.slice(5).replace(/^ /, '')
      else if (complete === '' && data !== '') {
        const event = data.slice(1)
        data = ''
        onData(event)
      }
    }
    if (line.length + data.length > maxLength) throw new RangeError('an event is too long')
  }
}

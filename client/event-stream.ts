/** Of one event; a stream that never ends one is no reason to use up the memory. */
const MAX_EVENT_LENGTH = 2 ** 24

/**
 * Reads an event stream piece by piece (HTML, 9.2.6, Interpreting an event stream), as far as popcast uses it: what an event is
 * called and where it stands is in its data as well. A line may end in CR, LF or both, and a piece between the two.
 * @throws RangeError when an event is too long
 */
export function eventStreamReader (onData: (data: string) => void, maxLength = MAX_EVENT_LENGTH): (text: string) => void {
  let rest = ''
  return (text) => {
    // A blank line ends an event. If a CR at the end has its LF still to come, that makes one more blank line, and no harm.
    const events = (rest + text).split(/(?:\r\n|\n|\r(?!\n)){2}/)
    rest = events.pop()!
    for (const event of events) {
      const data = [...event.matchAll(/(?:^|[\r\n])data: ?([^\r\n]*)/g)]
      if (data.length > 0) onData(data.map(([, line]) => line).join('\n'))
    }
    if (rest.length > maxLength) throw new RangeError('an event is too long')
  }
}

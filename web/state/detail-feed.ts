import type { PopcastEvents } from '../../client/types.ts'
import type { Detail } from './detail.ts'

/** What is used of a `PopcastClient`. */
export interface Updates {
  on<Name extends keyof PopcastEvents> (name: Name, listener: (event: PopcastEvents[Name]) => void): () => void
}

/**
 * Keeps what is shown of a PoP going: each update appends to it; what updates do not say is asked again after a gap in the
 * connection and when an alert of this PoP comes. @returns ends it
 */
export function followFeed (detail: Detail, feed: Updates): () => void {
  let [wasLive, isGap] = [false, false]
  const ends = [
    feed.on('change', (snapshot) => detail.follow(snapshot)),
    feed.on('connection', ({ name }) => {
      if (name === 'live' && isGap) detail.refetch()
      wasLive ||= name === 'live'
      // Before it was ever live nothing was missed.
      isGap = wasLive && name !== 'live'
    }),
    feed.on('alert', ({ alert, replay }) => {
      if (!replay && alert.pop === detail.state.value.code) detail.refetch()
    })
  ]
  return () => ends.forEach((end) => end())
}

import stringWidth from 'string-width'

/** No field that is shown is longer; a character may have any number of marks. */
const MAX_LENGTH = 256
const ELLIPSIS = '\u2026'
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/**
 * What a terminal may be sent of what others wrote: no control characters (C0, C1, line and paragraph separators, lone
 * surrogates), which could move the cursor or worse, and nothing invisible (direction overrides), which could make it read
 * otherwise.
 */
export function clean (text: string, maxLength = MAX_LENGTH): string {
  return text.slice(0, maxLength).replace(/\p{Cf}/gu, '').replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, '\ufffd')
}

/** In columns of a terminal: two for what is wide in East Asia, none for combining marks. */
export function widthOf (text: string): number {
  return stringWidth(text)
}

/** At most so many columns; what is cut ends in an ellipsis. */
export function truncate (text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let kept = ''
  let width = 0
  for (const { segment } of graphemes.segment(text)) {
    const more = widthOf(segment)
    if (width + more > columns - 1) break
    kept += segment
    width += more
  }
  return columns > 0 ? kept + ELLIPSIS : ''
}

import { readFileSync } from 'node:fs'
import t from 'tap'

const css = readFileSync(new URL('../../../web/style.css', import.meta.url), 'utf8')
type Tokens = Record<string, string>

/** The custom properties of a block that are colours. */
function tokensOf (selector: string): Tokens {
  const start = css.indexOf(`${selector} {`)
  const block = css.slice(start, css.indexOf('}', start))
  return Object.fromEntries(Array.from(block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g), ([, name, value]) => [name, value]))
}

function rgbOf (hex: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((channel) => channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4)
}

/** WCAG 2.2, relative luminance. */
function contrast (one: string, other: string): number {
  const [light, dark] = [one, other].map((hex) => {
    const [red, green, blue] = rgbOf(hex) as [number, number, number]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }).sort((a, b) => b - a) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

/** Machado, Oliveira and Fernandes 2009, at full strength; on linear values. */
const blindness = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protan: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deutan: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritan: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039]
}

/** OKLab (Ottosson 2020) of linear values. */
function labOf ([red, green, blue]: [number, number, number]): number[] {
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s
  ]
}

function seenBy (matrix: number[], hex: string): number[] {
  const linear = rgbOf(hex)
  const row = (at: number) => {
    const seen = linear.reduce((sum, value, index) => sum + value * matrix[at * 3 + index]!, 0)
    return Math.min(1, Math.max(0, seen))
  }
  return labOf([row(0), row(1), row(2)])
}

const marks = ['healthy', 'slow', 'warning', 'critical', 'silent']

for (const [theme, selector] of [['dark', ':root'], ['light', ":root[data-theme='light']"]] as const) {
  t.test(`${theme}: what is written can be read, and marks can be seen`, async (t) => {
    const tokens = tokensOf(selector)
    const pairs: Array<[string, string, number]> = [
      ...['bg', 'panel'].flatMap((ground): Array<[string, string, number]> => [['text', ground, 4.5], ['muted', ground, 4.5]]),
      ...['critical', 'warning'].map((word): [string, string, number] => [word, 'panel', 4.5]),
      // WCAG 1.4.11: what has to be seen rather than read.
      ...marks.flatMap((mark) => ['bg', 'panel', 'land'].map((ground): [string, string, number] => [mark, ground, 3])),
      ...['chart', 'focus'].map((line): [string, string, number] => [line, 'panel', 3])
    ]
    for (const [one, other, least] of pairs) {
      const found = contrast(tokens[one] as string, tokens[other] as string)
      t.ok(found >= least, `${one} on ${other}: ${found.toFixed(2)}`)
    }
  })

  t.test(`${theme}: no two states are one colour, to whatever eye`, async (t) => {
    const tokens = tokensOf(selector)
    for (const [eye, matrix] of Object.entries(blindness)) {
      for (const [index, one] of marks.entries()) {
        for (const other of marks.slice(index + 1)) {
          const [first, second] = [one, other].map((mark) => seenBy(matrix, tokens[mark] as string)) as [number[], number[]]
          const distance = 100 * Math.hypot(...first.map((value, at) => value - second[at]!))
          t.ok(distance >= 8, `${one} and ${other}, ${eye}: ${distance.toFixed(1)}`)
        }
      }
    }
  })
}

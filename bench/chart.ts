interface Bar {
  title: string
  peer: string
  cpuPerFrameUs: number
}

const ROW_HEIGHT = 22
const LABEL_WIDTH = 330
const BAR_WIDTH = 420

/** Horizontal bars of the server's CPU per delivered frame, as SVG. */
export function chart (machine: string, results: readonly Bar[]): string {
  const longest = Math.max(...results.map(({ cpuPerFrameUs }) => cpuPerFrameUs))
  const rows = results.map(({ title, peer, cpuPerFrameUs }, index) => {
    const y = 40 + index * ROW_HEIGHT
    const width = (BAR_WIDTH * cpuPerFrameUs / longest).toFixed(1)
    const fill = peer === 'popcast' ? '#1565c0' : '#9e9e9e'
    return `<text x="${LABEL_WIDTH - 8}" y="${y + 14}" text-anchor="end">${escape(title)}: ${escape(peer)}</text>` +
      `<rect x="${LABEL_WIDTH}" y="${y}" width="${width}" height="${ROW_HEIGHT - 6}" fill="${fill}"/>` +
      `<text x="${LABEL_WIDTH + Number(width) + 6}" y="${y + 14}">${cpuPerFrameUs.toFixed(1)}</text>`
  })
  const height = 50 + results.length * ROW_HEIGHT
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LABEL_WIDTH + BAR_WIDTH + 60}" height="${height}" ` +
    'font-family="sans-serif" font-size="12">' +
    '<rect width="100%" height="100%" fill="white"/>' +
    `<text x="10" y="20" font-size="14">Server CPU per delivered frame, us (${escape(machine)})</text>${rows.join('')}</svg>\n`
  )
}

function escape (text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

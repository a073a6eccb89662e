import t from 'tap'
import { build } from '../support/app.ts'
import { openPage, skipWithoutChromium } from '../support/chromium.ts'
import { validateServerMessage } from '../support/validate.ts'

t.test('a browser agrees on deflate and reads every update', { skip: skipWithoutChromium }, async (t) => {
  const { app, port } = await build(t, { COMPRESSION_THRESHOLD_BYTES: '0' })
  const page = await openPage(t, `http://127.0.0.1:${port}/docs/`)
  const read = await page.evaluate(readMessages, { url: `ws://127.0.0.1:${port}/ws`, count: 12 })
  t.match(read.extensions, 'permessage-deflate')
  t.strictSame(Array.from(app.connections, ({ encoding }) => encoding), ['deflate-15'], 'what it is sent is deflated')
  const messages = read.texts.map((text) => JSON.parse(text))
  for (const message of messages) validateServerMessage(message)
  t.equal(messages[0].type, 'welcome')
  const seqs = messages.filter(({ type }) => type === 'metrics_update').map(({ seq }) => seq)
  t.strictSame(seqs, seqs.map((_, index) => seqs[0] + index), 'none is missing, none comes twice')
  t.match(messages.find(({ type }) => type === 'pong'), { id: 'from the browser' })
})

/** Runs in the page. */
function readMessages ({ url, count }: { url: string, count: number }): Promise<{ extensions: string, texts: string[] }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url)
    const texts: string[] = []
    socket.onopen = () => socket.send(JSON.stringify({ type: 'ping', id: 'from the browser' }))
    socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`))
    socket.onmessage = ({ data }) => {
      if (texts.push(data) === count) resolve({ extensions: socket.extensions, texts })
    }
  })
}

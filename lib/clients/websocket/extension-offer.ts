import * as ws from 'ws'

type Offers = Record<string, object[] | undefined>

// What ws 8.23 exports; its type definitions lag behind.
const { extension, PerMessageDeflate } = ws as unknown as {
  extension: { parse: (header: string) => Offers }
  PerMessageDeflate: { extensionName: string, new (options: object): { accept: (offers: object[]) => object } }
}

/** Whether an offer of extensions (a Sec-WebSocket-Extensions of a request) can be negotiated about at all. */
export function isNegotiable (header: string): boolean {
  try {
    const offers = extension.parse(header)[PerMessageDeflate.extensionName]
    if (offers !== undefined) new PerMessageDeflate({ isServer: true }).accept(offers)
    return true
  } catch {
    return false
  }
}

import * as ws from 'ws'

type Offers = Record<string, object[] | undefined>

// What ws 8.23 exports; its type definitions lag behind.
const { extension, PerMessageDeflate } = ws as unknown as {
  extension: { parse: (header: string) => Offers }
  PerMessageDeflate: { extensionName: string, new (options: object): { accept: (offers: object[]) => object } }
}

/** Of a request's Sec-WebSocket-Extensions the offers that can be negotiated about; '' when none can. */
export function negotiableOffers (header: string): string {
  // A value is a token even in quotes (RFC 6455 9.1), so a comma always parts two offers.
  return header.split(',').filter(isNegotiable).join(',').trim()
}

function isNegotiable (offer: string): boolean {
  try {
    const offers = extension.parse(offer.trim())[PerMessageDeflate.extensionName]
    if (offers !== undefined) new PerMessageDeflate({ isServer: true }).accept(offers)
    return true
  } catch {
    return false
  }
}

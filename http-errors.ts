import createError from '@fastify/error'

/** Every HTTP error that popcast answers by itself. The body is `{ statusCode, code, error, message }`. */
export const NotFoundError = createError('NOT_FOUND', 'there is no %s %s', 404)
export const MethodNotAllowedError = createError('METHOD_NOT_ALLOWED', '%s is not allowed here, only %s', 405)
export const NotAWebSocketRouteError = createError('NOT_A_WEBSOCKET_ROUTE', '%s does not take WebSockets, /ws does', 404)
export const BadHandshakeError = createError('BAD_HANDSHAKE', '%s: RFC 6455 4.2.1 wants %s', 400)
export const UpgradeRequiredError = createError('UPGRADE_REQUIRED', 'this is a WebSocket endpoint', 426)
export const NoDataError = createError('NO_DATA', 'no data yet', 503)
export const NoSuchPopError = createError('NOT_FOUND', 'no PoP %s has reported lately', 404)
export const StreamUnderWayError = createError('STREAM_UNDER_WAY', 'this connection carries a stream that does not end', 409)
export const NotFiniteError = createError('BAD_REQUEST', 'querystring/%s must be a finite number', 400)
export const OverCapacityError = createError('OVER_CAPACITY', 'there are as many clients as MAX_CONNECTIONS allows', 503)
export const UpgradeRateError = createError('UPGRADE_RATE', 'more clients come at once than UPGRADE_RATE_LIMIT allows', 503)
export const NotSyncedError = createError('FEED_UNAVAILABLE', 'the log that all instances share was not read yet', 503)
export const WorkersUnavailableError =
  createError('WORKERS_UNAVAILABLE', 'the other workers cannot be asked now, and it is told of all of them', 503)
export const ShuttingDownError = createError('SHUTTING_DOWN', 'the server is shutting down', 503)
export const UnauthorizedError = createError('UNAUTHORIZED', '%s', 401)
export const ForbiddenError = createError('FORBIDDEN', '%s', 403)
export const ClientGoneError = createError('CLIENT_GONE', 'the client has gone meanwhile', 499)
export const AuthUnavailableError = createError('AUTH_UNAVAILABLE', '%s', 503)
export const AddressLimitError =
  createError('RATE_LIMITED', 'this address has as many clients as MAX_CONNECTIONS_PER_ADDRESS allows', 429)

/** Told to clients that are refused for now: by then others may have left. */
export const RETRY_AFTER_SECONDS = 10

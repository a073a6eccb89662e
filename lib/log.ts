/** What `lib/` asks of a logger: fields first, then a constant message. pino's and Fastify's loggers fit. */
export interface Log {
  debug (fields: object, message: string): void
  info (fields: object, message: string): void
  warn (fields: object, message: string): void
  error (fields: object, message: string): void
}

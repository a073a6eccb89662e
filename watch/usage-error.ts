/** The command line makes no sense; the message says why, and what is accepted. */
export class UsageError extends Error {}

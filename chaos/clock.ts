/** Loaded before the service (`--import`): at SIGIO its wall clock jumps by the next of POPCAST_CHAOS_CLOCK: ms, by comma. */
const jumps = (process.env.POPCAST_CHAOS_CLOCK ?? '').split(',').map(Number)
const { now } = Date
let ahead = 0

Date.now = () => now() + ahead
process.on('SIGIO', () => { ahead += jumps.shift() ?? 0 })
